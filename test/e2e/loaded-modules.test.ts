import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram } from '../../harness/programs';

const folder = mkdtempSync(join(tmpdir(), 'loaded-modules-'));
const client = join(__dirname, '../../lib/client.js');
const hook = join(folder, 'say-what-was-loaded.cjs');
writeFileSync(hook, `process.on('exit', () => process.stderr.write(Object.keys(require.cache).join('\\n')));`);

/** Packages that a command had loaded when it ended. */
async function packagesOf(...args: string[]): Promise<Set<string>> {
  const settings = { TEMPORAL_ADDRESS: 'localhost:1' };
  const { stderr } = await startProgram(process.execPath, ['--require', hook, client, ...args], settings, folder).ended;
  const paths = stderr.split('\n').filter((line) => line.includes('/node_modules/'));
  return new Set(paths.map((path) => /^(@[^/]*\/)?[^/]*/.exec(path.split('/node_modules/').at(-1)!)![0]));
}

const HEAVY = ['@temporalio/worker', '@temporalio/core-bridge', 'webpack'];

test.each([[['--help']], [['status', '--help']]])('%p loads nothing of Temporal', async (args) => {
  const packages = [...(await packagesOf(...args))];
  expect(packages).toContain('commander');
  expect(packages.filter((name) => name.startsWith('@temporalio/'))).toEqual([]);
});

test.each([[['status']], [['sync']], [['schedule']], [['pause']], [['rewind', '--to', '2026-01-01']]])(
  '%p loads no worker',
  async (args) => {
    const packages = await packagesOf(...args);
    expect(packages).toContain('@temporalio/client');
    expect(HEAVY.filter((name) => packages.has(name))).toEqual([]);
  },
);

test('replay, which runs workflows, loads one', async () => {
  const packages = await packagesOf('replay', '--file', 'nowhere.json');
  expect(packages).toContain('@temporalio/core-bridge');
});
