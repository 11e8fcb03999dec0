const { AsyncLocalStorage } = require('node:async_hooks');
const { TestEnvironment } = require('jest-environment-node');

/** Those that a value was given to. */
const used = new Set();
for (const give of ['run', 'enterWith']) {
  const original = AsyncLocalStorage.prototype[give];
  AsyncLocalStorage.prototype[give] = function (...args) {
    used.add(this);
    return original.apply(this, args);
  };
}

/**
 * Each test file loads every module anew, and its storages with them. Every promise passes on what each storage of its
 * process holds: those of the files before would make a file many times as slow.
 */
class Environment extends TestEnvironment {
  async teardown() {
    await super.teardown();
    for (const storage of used) storage.disable();
    used.clear();
  }
}

module.exports = Environment;
