import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeArchive, recordOf, type MadeArchive } from './support/made-archive';

// docs/reading-the-archive.md: each of its queries is run as it stands there.

const document = readFileSync(join(__dirname, '../docs/reading-the-archive.md'), 'utf8');
const blocksOf = (language: string): string[] =>
  [...document.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text]) =>
    text!.replaceAll('<source>', 'made'),
  );
const isThere = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const SHELL = blocksOf('sh');
const [PYTHON = ''] = blocksOf('python');

let archive: MadeArchive;
let folder: string;

beforeAll(async () => {
  archive = await makeArchive();
  const person = { chat_user: { id: 'user_1', email_address: 'ada@example.com' } };
  await archive.window([
    ['m1', 'm2', 'm3'].map((id) => recordOf(id, { created_at: '2026-11-20T10:00:00Z', ...person })),
  ]);
  await archive.window([['m4', 'm5'].map((id) => recordOf(id, { created_at: '2026-11-21T10:00:00Z', ...person }))]);
  folder = mkdtempSync(join(tmpdir(), 'chat-sync-reading-'));
  mkdirSync(join(folder, 'data', 'messages'), { recursive: true });
  symlinkSync(archive.folder, join(folder, 'data', 'messages', 'made'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await archive.remove();
});

function run(program: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

test('it has queries', () => {
  expect(SHELL).toHaveLength(4);
  expect(PYTHON).toContain('import');
});

(isThere('jq') ? test : test.skip).each(SHELL)('in a shell: %s', (command) => {
  run('bash', ['-o', 'pipefail', '-c', command]);
});

(isThere('jq') ? test : test.skip)('counts by day, and the last copy of each, are of every message', () => {
  const [, days = '', , last = ''] = SHELL;
  const counted = run('bash', ['-c', days])
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number(line.trim().split(' ')[0]), 0);
  const lines = run('bash', ['-c', last]).trim().split('\n');
  expect(counted).toBe(5);
  expect(new Set(lines.map((line) => (JSON.parse(line) as { id: string }).id)).size).toBe(lines.length);
});

(isThere('python3') ? test : test.skip)('in Python', () => {
  expect(run('python3', ['-c', PYTHON])).toMatch(/^\('\d{4}-\d\d-\d\d', \d+\)$/m);
});
