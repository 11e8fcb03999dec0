import { importX } from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import tseslint from 'typescript-eslint';

/** Which folder may import what; the arrows are drawn in docs/architecture.md. */
const forbid = (files, patterns, message) => ({
  files,
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      { patterns: patterns.map((pattern) => ({ ...pattern, message })) },
    ],
  },
});
const outsideTheDomain = [
  { regex: '^(node:|undici$|@temporalio/)' },
  { regex: '/(activities|archive|workflows|commands|source|metrics)(/|$)' },
  { regex: '/(compliance-api|config)/', allowTypeImports: true },
];
const roots = ['src/worker.ts', 'src/client.ts', 'src/exit.ts'];

export default tseslint.config(
  { ignores: ['lib/', 'node_modules/', 'data/', 'coverage/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    settings: {
      ...importX.flatConfigs.typescript.settings,
      'import-x/resolver-next': [createTypeScriptImportResolver({ project: './tsconfig.json' })],
    },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // Ports are asynchronous; what stands behind them need not be.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      // An AbortSignal's reason is unknown to the types.
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      // `defineUpdate<void, ...>` is Temporal's way.
      '@typescript-eslint/no-invalid-void-type': 'off',
      'no-restricted-syntax': ['error', { selector: 'ExportAllDeclaration', message: 'Name what is exported.' }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: roots,
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Settings come from src/config.ts, which the two roots call.' },
      ],
    },
  },
  forbid(['src/contract.ts'], [{ regex: '.' }], 'The contract imports nothing: it is inside the workflow bundle.'),
  forbid(
    ['src/domain/@(state|checkpoint|memo|delivery|verification|operator-events).ts'],
    outsideTheDomain,
    'The domain is pure, and knows nothing of the rest but its types.',
  ),
  forbid(
    ['src/domain/!(state|checkpoint|memo|delivery|verification|operator-events).ts'],
    // Workflows run the domain, and zod is not for their bundle.
    [
      ...outsideTheDomain,
      { regex: '^zod$' },
      { regex: '/(state|checkpoint|memo|delivery|verification|operator-events)$', allowTypeImports: true },
    ],
    'The domain is pure, and knows nothing of the rest but its types; schemas are in state.ts, checkpoint.ts, memo.ts, delivery.ts, verification.ts and operator-events.ts.',
  ),
  forbid(
    ['src/workflows/**/*.ts'],
    [
      { regex: '^(node:|undici$|zod$)' },
      { regex: '/(activities|archive|compliance-api|config)/', allowTypeImports: true },
      {
        regex: '/domain/(state|checkpoint|memo|record|delivery|verification|operator-events)$',
        allowTypeImports: true,
      },
      { regex: '^@temporalio/(?!workflow$)' },
    ],
    'Workflows import @temporalio/workflow, the contract and each other; of the rest, types only.',
  ),
  forbid(
    ['src/activities/**/*.ts'],
    [
      { regex: '/(config|registry|worker|client|workflows)(/|$)(?<!compliance-api/client)', allowTypeImports: true },
      { regex: '/archive/(?!(archive|archived-chats|findings|log)$)' },
      { regex: '^@temporalio/(client|workflow)' },
      { regex: '^@temporalio/worker$', allowTypeImports: true },
    ],
    'Activities get what they need from the worker; they know the ports, not who stands behind them.',
  ),
  forbid(
    ['src/compliance-api/**/*.ts'],
    [{ regex: '^@temporalio/' }, { regex: '/(archive|activities|workflows|config|commands)(/|$)' }],
    'The API client stands alone.',
  ),
  forbid(
    ['src/archive/**/*.ts'],
    [{ regex: '^@temporalio/' }, { regex: '/(compliance-api|activities|workflows|config|commands)(/|$)' }],
    'An archive knows records, and nothing of where they come from or go to.',
  ),
  forbid(
    ['src/delivery/**/*.ts'],
    [
      { regex: '^@temporalio/' },
      { regex: '/(compliance-api|activities|workflows|config|commands)(/|$)' },
      { regex: '/archive/(?!(archive|log)$)' },
    ],
    'A reader knows the log and the destinations by their ports.',
  ),
  forbid(
    ['src/destinations/**/*.ts'],
    [
      { regex: '^@temporalio/' },
      { regex: '(?<!domain)/(archive|delivery|compliance-api|activities|workflows|commands)(/|$)' },
      { regex: '/config/(?!values$)' },
    ],
    'A destination gets records, and knows nothing of the archive.',
  ),
  forbid(
    ['src/config/**/*.ts'],
    [{ regex: '^@temporalio/' }, { regex: '/(archive|activities|workflows|commands)(/|$)' }],
    'Settings are a function of the environment.',
  ),
  forbid(
    ['src/client.ts', 'src/commands/!(doctor).ts'],
    [{ regex: '/(activities|archive(?!/(verify|read)/)|compliance-api)(/|$)' }, { regex: '^\\..*/worker$' }],
    'Commands talk to Temporal; the worker talks to the API and the archive, which commands read; `doctor` is a worker that does nothing.',
  ),
  forbid(['simulator/**/*.ts'], [{ regex: '/src/' }], 'The simulator is a second reading: it shares no code with src.'),
  forbid(
    ['harness/**/*.ts'],
    [{ regex: '/(bench|chaos|test)/' }],
    'Tests, bench and chaos use the harness; it knows none of them.',
  ),
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Jest's matchers and parsed output are `any`.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // Jest takes them by their default export.
    files: ['test/support/global-*.ts'],
    rules: { 'import-x/no-default-export': 'off' },
  },
);
