// Compiles chaos into lib/chaos and runs it with the arguments given: `npm run chaos -- --help`.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const root = join(import.meta.dirname, '..');
const tsc = require.resolve('typescript/bin/tsc');

// What the compiler says goes to stderr: stdout is for data.
const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'chaos')], { stdio: ['ignore', 2, 'inherit'] });
if (status !== 0) process.exit(1);
require(join(root, 'lib', 'chaos', 'chaos', 'main.js'));
