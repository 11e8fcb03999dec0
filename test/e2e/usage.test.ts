import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, start } from '../../harness/programs';

const DATA_DIR = mkdtempSync(join(tmpdir(), 'chat-sync-usage-'));
const NOBODY = 'localhost:1';

test('it names every wrong setting at once, and exits 2', async () => {
  const settings = { ANTHROPIC_COMPLIANCE_ACCESS_KEY: 'secret-key', PAGE_SIZE: '1001', LISTING: 'both', SINK: 'tape' };
  const ids = {
    ORGANIZATION_IDS: 'org_1,nonsense',
    BACKFILL_START: '2999-01-01',
    ANTHROPIC_BASE_URL: 'http://api.example.com',
  };

  const { code, stdout, stderr } = await start('worker.js', [], { ...settings, ...ids, DATA_DIR }).ended;

  expect(code).toBe(2);
  expect(stdout).toBe('');
  for (const variable of [
    'PAGE_SIZE=1001',
    'LISTING=both',
    'SINK=tape',
    'ORGANIZATION_IDS',
    'BACKFILL_START',
    'ANTHROPIC_BASE_URL',
  ]) {
    expect(stderr).toContain(variable);
  }
  expect(stderr).not.toContain('secret-key');
  expect(stderr).not.toContain('    at ');
});

test('it ends with the exit code of a command that is a program of its own', async () => {
  const { code, stderr } = await run(['worker'], { DATA_DIR });

  expect(code).toBe(2);
  expect(stderr).toContain('ANTHROPIC_COMPLIANCE_ACCESS_KEY is not set');
});

test('it takes a missing key, or one under another name, for a wrong setting', async () => {
  const { code, stderr } = await run(['up', '--once'], { SINK: 'file', ANTHROPIC_COMPLIANCE_API_KEY: 'sk', DATA_DIR });

  expect(code).toBe(2);
  expect(stderr).toMatch(/ANTHROPIC_COMPLIANCE_ACCESS_KEY is not set.*ANTHROPIC_COMPLIANCE_API_KEY is set: rename it/);
});

test.each([
  [['status', '--max-behind', 'soon']],
  [['rewind', '--to', 'yesterday']],
  [['replay', '--file', 'nowhere.json']],
  [['replay', 'an-id', '--file', 'history.json']],
  [['rewind', '--to', '2999-01-01']],
  [['rewind']],
  [['schedule', '--every', '5']],
  [['schedule', '--every', '5m', '--delete']],
  [['archive']],
  [['sync', '--fast']],
  [[]],
])('it exits 2 for the usage %p', async (args) => {
  const { code, stdout, stderr } = await run(args, { TEMPORAL_ADDRESS: NOBODY, DATA_DIR });

  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).not.toBe('');
});

test.each([['sync'], ['status'], ['pause'], ['resume'], ['schedule'], ['rewind', '--to', '2026-01-01']])(
  'it exits 1 with one line that says how to start one when there is no Temporal: %s',
  async (...args) => {
    const { code, stderr } = await run(args, { TEMPORAL_ADDRESS: NOBODY, DATA_DIR });

    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain(`no Temporal at ${NOBODY}`);
    expect(stderr).toContain('npm start');
  },
);

test('it never starts a Temporal for a remote address that is down', async () => {
  const settings = { ANTHROPIC_COMPLIANCE_ACCESS_KEY: 'k', TEMPORAL_ADDRESS: 'temporal.invalid:7233', DATA_DIR };

  const { code, stderr } = await run(['up', '--once'], settings);

  expect(code).toBe(1);
  expect(stderr).toContain('no Temporal at temporal.invalid:7233');
});

test.each([
  ['up'],
  ['worker'],
  ['sync'],
  ['schedule'],
  ['status'],
  ['pause'],
  ['resume'],
  ['rewind'],
  ['replay'],
  ['simulate'],
])('it helps with %s, with an example', async (command) => {
  const { code, stdout } = await run([command, '--help'], { DATA_DIR });

  expect(code).toBe(0);
  expect(stdout).toContain('Example');
});

test('it tells its version', async () => {
  const { code, stdout } = await run(['--version'], { DATA_DIR });

  expect(code).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('it replays a history from a file, and says where another one diverges', async () => {
  const recorded = join(__dirname, '../histories/0.1.0/backfill-then-idle-1.json');
  const same = await run(['replay', '--file', recorded], { DATA_DIR });
  expect(same).toMatchObject({ code: 0, stdout: expect.stringMatching(/^deterministic {2}chat-sync\//) });

  const other = join(DATA_DIR, 'other.json');
  writeFileSync(other, readFileSync(recorded, 'utf8').replaceAll('"readLedger"', '"readSomethingElse"'));
  const diverged = await run(['replay', '--file', other], { DATA_DIR });
  expect(diverged).toMatchObject({ code: 1, stdout: expect.stringMatching(/^diverged .*readSomethingElse/s) });
});
