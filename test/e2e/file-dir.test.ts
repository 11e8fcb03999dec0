import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start } from '../../harness/programs';
import { address } from '../support/server';

const DATA_DIR = mkdtempSync(join(tmpdir(), 'chat-sync-file-dir-'));
const settings = { DATA_DIR, SOURCE: 'file-dir', ANTHROPIC_COMPLIANCE_ACCESS_KEY: 'sk', TEMPORAL_ADDRESS: address };

/** Makes Node.js answer as on another file system. */
function onFileSystem(code: string): Record<string, string> {
  const preload = join(DATA_DIR, `${code}.js`);
  writeFileSync(
    preload,
    `require('node:fs/promises').link = () => Promise.reject(Object.assign(new Error('link'), { code: '${code}' }));`,
  );
  return { NODE_OPTIONS: `--require ${preload}` };
}

test.each(['EPERM', 'ENOTSUP', 'ENOSYS'])('a worker does not start without hard links: %s', async (code) => {
  const ended = await start('worker.js', [], { ...settings, ...onFileSystem(code) }).ended;

  expect(ended.code).toBe(2);
  const [line, ...more] = ended.stderr.trim().split('\n');
  expect(line).toMatch(new RegExp(`^error: Cannot use FILE_DIR \\(.*messages\\): .*no hard links \\(${code}\\)`));
  expect(more).toEqual([]);
  expect(readdirSync(DATA_DIR).filter((name) => !name.endsWith('.js'))).toEqual([]);
});

test('`up` says in one line that its worker cannot start, and makes no schedule', async () => {
  const { code, stderr } = await start('client.js', ['up'], { ...settings, ...onFileSystem('EPERM') }).ended;

  expect(code).toBe(2);
  expect(stderr.match(/error: /g)).toHaveLength(1);
  expect(stderr).toContain('no hard links (EPERM)');
});

test('a worker starts where the folder cannot be used yet, and says what its syncs will wait for', async () => {
  writeFileSync(join(DATA_DIR, 'file'), '');
  const worker = start('worker.js', [], { ...settings, FILE_DIR: join(DATA_DIR, 'file', 'messages') });

  await worker.says('syncs will wait: Cannot use FILE_DIR');
  await worker.says('serving source file-dir');
  worker.process.kill('SIGTERM');

  expect((await worker.ended).code).toBe(0);
});
