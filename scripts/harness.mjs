// Compiles bench and chaos into lib/harness, and runs the one that is named with the arguments given: `npm run bench -- --help`.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const root = join(import.meta.dirname, '..');
const tsc = require.resolve('typescript/bin/tsc');
const [name] = process.argv.splice(2, 1);

// What the compiler says goes to stderr: stdout is for data.
const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'harness')], { stdio: ['ignore', 2, 'inherit'] });
if (status !== 0) process.exit(1);
require(join(root, 'lib', 'harness', name, 'main.js'));
