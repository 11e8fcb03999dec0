/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: '<rootDir>/test/support/environment.js',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }] },
  // A dynamic import names the file that will be there.
  moduleNameMapper: { '^(\\.{1,2}/(?!.*node_modules).*)\\.js$': '$1' },
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  // The real server, real files and child processes: a busy machine may need a while.
  testTimeout: 120_000,
  // Most of them wait for a server most of the time.
  maxWorkers: 5,
  reporters: ['default', '<rootDir>/test/support/slowest-reporter.js'],
  testSequencer: '<rootDir>/test/support/sequencer.js',
};
