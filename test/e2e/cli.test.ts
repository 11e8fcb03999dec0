import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, start, type Running } from '../../harness/programs';
import { createTenant, DEMO_KEY, startSimulator, truth, type Simulator, type Tenant } from '../../simulator';
import { expectExactly } from '../support/exact';
import { recordsIn } from '../support/parsed-record';
import { address } from '../support/server';
import { until } from '../support/until';

let simulator: Simulator;
let tenant: Tenant;
let settings: Record<string, string>;
let folder: string;
const started: Running[] = [];

const worker = async (): Promise<Running> => {
  const running = start('worker.js', [], settings);
  started.push(running);
  await running.says('serving source');
  return running;
};
const json = async (...args: string[]): Promise<Record<string, unknown>> => {
  const { stdout } = await run([...args, '--json'], settings);
  return JSON.parse(stdout) as Record<string, unknown>;
};

beforeEach(async () => {
  tenant = createTenant({ chats: 25 });
  simulator = await startSimulator({ tenant, rateLimitPerMinute: Infinity });
  const source = `e-${randomUUID().slice(0, 8)}`;
  const dataDir = await mkdtemp(join(tmpdir(), 'chat-sync-e2e-'));
  folder = join(dataDir, 'messages', source);
  settings = {
    ANTHROPIC_COMPLIANCE_ACCESS_KEY: DEMO_KEY,
    ANTHROPIC_BASE_URL: simulator.url,
    SOURCE: source,
    DATA_DIR: dataDir,
    BACKFILL_START: '2026-08-01',
    REQUESTS_PER_SECOND: '200',
    TEMPORAL_ADDRESS: address,
  };
});

afterEach(async () => {
  for (const { process, ended } of started.splice(0)) {
    process.kill('SIGTERM');
    await ended;
  }
  await simulator.close();
});

async function expectOnlyForItsOwner(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  expect(names.length).toBeGreaterThan(2);
  for (const entry of names) {
    const { mode } = await stat(join(entry.parentPath, entry.name));
    expect(mode & 0o777).toBe(entry.isDirectory() ? 0o700 : 0o600);
  }
}

test('it syncs for its owner alone, tells its status, pauses, resumes and rewinds', async () => {
  expect(await json('status')).toEqual({
    source: settings['SOURCE'],
    paused: false,
    syncedThrough: null,
    behindSeconds: null,
    lastSuccessAt: null,
    nextSyncAt: null,
    running: null,
    unfinished: null,
    parked: [],
    destinations: [],
    records: null,
    lastSync: null,
  });
  expect((await run(['status', '--max-behind', '1d'], settings)).code).toBe(1);
  expect((await run(['pause'], settings)).stderr).toContain('no worker serves');
  await worker();

  const report = await json('sync');
  expect(Object.keys(report)).toEqual([
    'source',
    'outcome',
    'from',
    'to',
    'chats',
    'messages',
    'requests',
    'gone',
    'skipped',
    'conflicts',
    'unexplained',
    'parked',
    'warnings',
    'head',
  ]);
  expect(report).toMatchObject({ outcome: 'completed', chats: 25, messages: truth(tenant).length, requests: 27 });
  expectExactly(await recordsIn(folder), tenant);
  await expectOnlyForItsOwner(folder);
  expect(await json('status')).toMatchObject({
    syncedThrough: report['to'],
    running: null,
    lastSync: report,
    records: folder,
  });
  expect((await run(['status', '--max-behind', '30m'], settings)).code).toBe(0);

  expect((await run(['pause', '--reason', 'audit'], settings)).code).toBe(0);
  expect(await json('status')).toMatchObject({ paused: { reason: 'audit' } });
  const refused = await run(['sync', '--json'], settings);
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.stdout)).toMatchObject({ outcome: 'refused', from: null });
  expect(await run(['status', '--max-behind', '30m'], settings)).toMatchObject({
    ...{ code: 1, stderr: expect.stringContaining('not as it should be: it is paused') as string },
  });
  expect((await run(['resume', '--reason', 'done'], settings)).code).toBe(0);
  expect(await run(['resume'], settings)).toMatchObject({
    code: 0,
    stderr: `source ${settings['SOURCE']} is not paused\n`,
  });

  const replayed = await run(['replay'], settings);
  expect(replayed.code).toBe(0);
  expect(replayed.stdout).toMatch(/^(deterministic {2}chat-sync\/.*\n){2,}$/);

  const other = await run(['status'], { ...settings, SOURCE: 'other' });
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining(`SOURCE is one of`) as string });
  expect(other.stderr).toContain(settings['SOURCE']);
  const rewound = await run(['rewind', '--to', '2026-09-20'], settings);
  expect(rewound.code).toBe(0);
  expect(rewound.stderr).toMatch(/come again, in new parts, up to \d+ records/);
  expect(await json('sync')).toMatchObject({
    from: '2026-09-20T00:00:00.000Z',
    messages: truth(tenant, { from: '2026-09-20T00:00:00Z' }).length,
  });

  const log = await run(['log'], settings);
  expect(log.stdout).toMatch(/paused: audit\n[^]*resumed: done\n[^]*rewound: to 2026-09-20T00:00:00.000Z/);
  expect(log.stdout.match(/completed: /g)).toHaveLength(2);
  const compared = await run(['verify', '--json'], settings);
  expect(compared.code).toBe(0);
  expect(JSON.parse(compared.stdout)).toMatchObject({ compared: 25, missing: 0, doubled: 0, different: 0 });
  expect((await run(['verify', '--sample', '5'], settings)).stdout).toMatch(/^complete: .*, a sample$/m);
  expect((await run(['verify', '--archive', '--chats'], settings)).code).toBe(2);
  expect((await run(['replay', '--failed', '2'], settings)).stderr).toContain('Temporal holds no run of a failed sync');
});

test('it makes, shows, changes and deletes the schedule, which syncs by itself', async () => {
  expect(await json('schedule')).toBeNull();
  await worker();

  expect(await json('schedule', '--every', '1s')).toMatchObject({ everySeconds: 1, paused: false });
  while ((await json('status'))['lastSync'] === null);
  expectExactly(await recordsIn(folder), tenant);
  expect(await json('schedule', '--every', '1h')).toMatchObject({ everySeconds: 3600 });
  const shown = (await json('schedule')) as { recentRuns: { workflowId: string }[] };
  expect(shown.recentRuns[0]?.workflowId).toContain(`request-sync/${settings['SOURCE'] ?? ''}-2`);
  expect((await run(['schedule', '--delete'], settings)).code).toBe(0);
  const elsewhere = { ...settings, SOURCE: `${settings['SOURCE']}-misspelt` };
  expect((await run(['schedule', '--every', '1h'], elsewhere)).stderr).toContain('is that the right SOURCE?');
  expect((await run(['schedule', '--delete'], elsewhere)).code).toBe(0);
  expect(await json('schedule')).toBeNull();
});

test('it goes on where a killed worker was, and nothing is lost or doubled', async () => {
  settings['REQUESTS_PER_SECOND'] = '20';
  const first = await worker();
  const { stdout } = await run(['sync', '--detach'], settings);
  expect(stdout).toContain('request-sync/');
  await until(() => simulator.requests.length >= 12);
  first.process.kill('SIGKILL');
  await first.ended;
  await worker();

  expect(await json('sync')).toMatchObject({ outcome: 'completed' });
  expectExactly(await recordsIn(folder), tenant);
}, 120_000);

test('it ends within its grace on SIGTERM during a sync, and another worker finishes', async () => {
  settings['REQUESTS_PER_SECOND'] = '20';
  const first = await worker();
  await run(['sync', '--detach'], settings);
  await until(() => simulator.requests.length >= 12);
  first.process.kill('SIGTERM');
  expect((await first.ended).code).toBe(0);
  await worker();

  expect(await json('sync')).toMatchObject({ outcome: 'completed' });
  expectExactly(await recordsIn(folder), tenant);
}, 120_000);
