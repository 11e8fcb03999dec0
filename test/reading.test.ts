import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { endOfDay, makeArchive, recordOf, type MadeArchive } from './support/made-archive';

// docs/reading-the-archive.md: each of its queries is run as it stands there.

const document = readFileSync(join(__dirname, '../docs/reading-the-archive.md'), 'utf8');
const blocksOf = (language: string): string[] =>
  [...document.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text]) =>
    text!.replaceAll('<source>', 'made'),
  );
const isThere = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const SHELL = blocksOf('sh');
const [PYTHON = ''] = blocksOf('python');
const [SQL = ''] = blocksOf('sql');

const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();
const WEEKS_AGO = daysAgo(20);
const TWO_DAYS_AGO = daysAgo(2);
const YESTERDAY = daysAgo(1);
const IDS = ['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6'];
const dayOf = (time: string): string => time.slice(0, 10);

let archive: MadeArchive;
let folder: string;

const recordsAt = (created_at: string, ids: string[], more: Record<string, unknown> = {}): string[] =>
  ids.map((id) => recordOf(id, { created_at, chat_user: { id: 'user_1', email_address: 'ada@example.com' }, ...more }));

beforeAll(async () => {
  archive = await makeArchive();
  await archive.window([recordsAt(WEEKS_AGO, ['m0'])], [recordsAt(TWO_DAYS_AGO, ['m1', 'm2', 'm3'])]);
  await archive.window([recordsAt(YESTERDAY, ['m4', 'm5']), recordsAt(YESTERDAY, ['m6'], { chat_user: null })]);
  // As after a rewind.
  await archive.window([recordsAt(TWO_DAYS_AGO, ['m1'], { chat_name: 'Its new name' })]);
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
  expect(SQL).toContain('select');
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
  expect(counted).toBe(8);
  const copies = lines.map((line) => JSON.parse(line) as { id: string; chat_name: string });
  expect(copies.map(({ id }) => id)).toEqual(IDS);
  expect(copies[1]).toMatchObject({ id: 'm1', chat_name: 'Its new name' });
});

(isThere('python3') ? test : test.skip)('in Python', () => {
  expect(run('python3', ['-c', PYTHON])).toMatch(/^\('\d{4}-\d\d-\d\d', \d+\)$/m);
});

/** The rows that each statement answers. */
async function query(sql: string): Promise<Record<string, unknown>[][]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    await connection.run(`set file_search_path = '${folder}'`);
    const statements = await connection.extractStatements(sql);
    const answers: Record<string, unknown>[][] = [];
    for (let i = 0; i < statements.count; i += 1) {
      const statement = await statements.prepare(i);
      answers.push((await statement.runAndReadAll()).getRowObjectsJson());
    }
    return answers;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

test('in DuckDB', async () => {
  const [, week, days, last, holes, ...more] = await query(SQL);
  expect(week).toHaveLength(6);
  expect(days).toEqual([
    { day: dayOf(WEEKS_AGO), 'count_star()': '1' },
    { day: dayOf(TWO_DAYS_AGO), 'count_star()': '4' },
    { day: dayOf(YESTERDAY), 'count_star()': '3' },
  ]);
  expect(last!.map(({ id }) => id)).toEqual(IDS);
  expect(last![1]).toMatchObject({ chat_name: 'Its new name' });
  expect(holes).toEqual([]);
  expect(more).toEqual([]);
});

test('DuckDB finds a hole', async () => {
  await archive.publish(recordsAt(YESTERDAY, ['m7']));
  await archive.close('abandoned');
  await archive.window([recordsAt(YESTERDAY, ['m8'])]);
  const holes = (await query(SQL)).at(-1);
  expect(holes).toMatchObject([{ before: endOfDay(2).slice(0, 19).replace('T', ' '), n: '5' }]);
});
