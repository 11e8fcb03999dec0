import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createTenant, truth, type Tenant } from '../../simulator';
import type { Report } from '../../src/domain/state';
import { expectExactly, idsOf } from '../support/exact';
import { startSource, type SourceUnderTest } from '../support/source-under-test';
import { connectClient } from '../support/temporal';
import { nextSecond, until } from '../support/until';

const sources: SourceUnderTest[] = [];
let under: SourceUnderTest;
let tenant: Tenant;
afterEach(async () => {
  for (const source of sources.splice(0)) await source.close();
});

const BACKFILL = { BACKFILL_START: '2026-08-01' };

async function start(...[options]: Parameters<typeof startSource>): Promise<SourceUnderTest> {
  const source = await startSource({ settings: BACKFILL, ...options, simulator: { tenant, ...options?.simulator } });
  sources.push(source);
  return source;
}

beforeEach(() => {
  tenant = createTenant({ chats: 20, messagesPerChat: 2 });
});

const waitsFor = (source: SourceUnderTest, code: string): Promise<string> =>
  until(async () => {
    const { waitingFor } = await source.source.view();
    return waitingFor?.includes(code) && waitingFor;
  });

/** Until a sync finds something, or fails: a window ends on the second before. */
async function syncSomething(source: SourceUnderTest): Promise<Report> {
  for (; ; await nextSecond()) {
    const report = await source.sync();
    if (report.messages > 0 || report.outcome !== 'completed') return report;
  }
}

/** The sync of a backfill, half of which is published. */
async function inMidSync(source: SourceUnderTest): ReturnType<SourceUnderTest['request']> {
  await source.restart({ ...BACKFILL, PAGE_SIZE: '10' });
  const page = tenant.chatOrder.updated_at.entries().map(({ item }) => item.id);
  source.simulator.setFaults({ targets: [{ chatId: page[15]!, kind: '503', times: Infinity }] });
  const request = await source.request();
  await until(async () => ((await source.source.progress())?.chats ?? 0) >= 10);
  return request;
}

const rewindTo = (source: SourceUnderTest, to: string): Promise<void> =>
  source.source.rewind({ to, skip: false, reason: 'test' });

const rewindsNamed = (report: Report): string[] =>
  [...(report.reason ?? '').matchAll(/rewind --to (\S+?)`/g)].map(([, to = '']) => to);

test.each([
  ['the worker sees it', false],
  ['the worker starts while it is away', true],
])(
  'it writes nothing to the folder in the place of a volume that went away, and goes on when that is back: %s',
  async (_, restarts) => {
    under = await start();
    const request = await inMidSync(under);
    const fileDir = dirname(under.folder);
    await rename(fileDir, `${fileDir}-away`);
    await mkdir(fileDir);
    if (restarts) await under.restart({ ...BACKFILL, PAGE_SIZE: '10' });
    under.simulator.setFaults();

    expect(await waitsFor(under, 'ARCHIVE_LOST')).toMatch(/is the volume mounted\?.*`chat-sync rewind --to 2026-08-01/);
    expect(await readdir(fileDir)).toEqual([]);
    await rm(fileDir, { recursive: true });
    await rename(`${fileDir}-away`, fileDir);

    expect(await under.reportOf(request)).toMatchObject({ outcome: 'completed', chats: 20 });
    expectExactly(await under.records(), tenant);
  },
);

test('it begins in a new place in mid-sync when it is told to', async () => {
  under = await start();
  const request = await inMidSync(under);
  await rename(under.folder, `${under.folder}-away`);
  under.simulator.setFaults();
  const [, to = ''] = /rewind --to (\S+)`/.exec(await waitsFor(under, 'ARCHIVE_LOST')) ?? [];
  await under.chain.cancel();
  expect((await under.reportOf(request)).outcome).toBe('failed');

  await rewindTo(under, to);

  expect(await under.sync()).toMatchObject({ outcome: 'completed', chats: 20 });
  expectExactly(await under.records(), tenant);
});

test('two Temporals with one folder double nothing, and a move goes on where it was', async () => {
  const client = await connectClient();
  const namespace = `n-${randomUUID().slice(0, 8)}`;
  await client.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  await client.connection.close();
  const FILE_DIR = await mkdtemp(join(tmpdir(), 'shared-'));
  const settings = { ...BACKFILL, FILE_DIR };
  under = await start({ settings });
  const { name } = under.source;
  const request = await inMidSync(under);
  const other = await start({ settings, name, namespace });

  const refused = await other.sync();
  expect(refused).toMatchObject({ outcome: 'failed', messages: 0, requests: 1 });
  expect(refused.reason).toMatch(
    /^LedgerDisagrees: .*in its first window.*make sure first that nothing else writes there/,
  );

  under.simulator.setFaults();
  const { to } = await under.reportOf(request);
  const again = await other.sync();
  expect(again).toMatchObject({ outcome: 'failed', messages: 0 });
  expect(again.reason).toContain('of another Temporal');
  expectExactly(await under.records(), tenant);

  await rewindTo(other, to!);
  tenant.addMessage([...tenant.chats.keys()][0]!, {});
  expect(await syncSomething(other)).toMatchObject({ outcome: 'completed', messages: 1 });
  const late = await syncSomething(under);
  expect(late).toMatchObject({ outcome: 'failed', messages: 0 });
  expect(late.reason).toContain('make sure first that nothing else writes there');
  expectExactly(await under.records(), tenant);
});

test('it takes over a folder without a marker whose ledger is its own', async () => {
  under = await start();
  await under.sync();
  const marker = join(under.folder, 'archive.json');
  const before = await readFile(marker, 'utf8');
  await unlink(marker);
  tenant.addMessage([...tenant.chats.keys()][0]!, {});

  expect(await syncSomething(under)).toMatchObject({ outcome: 'completed', messages: 1 });

  expect(await readFile(marker, 'utf8')).toBe(before);
  expectExactly(await under.records(), tenant);
});

test('it keeps its archive over a rewind, and when its chain is terminated', async () => {
  under = await start();
  const { from } = await under.sync();
  await under.chain.terminate('by an operator');
  tenant.addMessage([...tenant.chats.keys()][0]!, {});
  expect(await syncSomething(under)).toMatchObject({ outcome: 'completed', messages: 1 });
  await rewindTo(under, from!);
  expect(await under.sync()).toMatchObject({ outcome: 'completed', chats: 20 });
  await under.chain.terminate('by an operator');
  tenant.addMessage([...tenant.chats.keys()][0]!, {});
  expect(await syncSomething(under)).toMatchObject({ outcome: 'completed', messages: 1 });
});

test.each<[string, (path: string) => Promise<void>]>([
  ['is not there', (path) => unlink(path)],
  ['was cut', (path) => writeFile(path, '')],
])('it refuses to go on where a part of its last window %s, until it is told how', async (_, damage) => {
  under = await start();
  const { from, to } = await under.sync();
  const { path } = (await under.ledger())[0]!.parts[0]!;
  await damage(join(under.folder, path));

  const refused = await syncSomething(under);

  expect(refused).toMatchObject({ outcome: 'failed' });
  expect(refused.reason).toContain(`has lost ${path}`);
  expect(rewindsNamed(refused)).toEqual([from, to]);
  await rewindTo(under, from!);
  expect(await syncSomething(under)).toMatchObject({ outcome: 'completed', messages: 40 });
  expect(new Set(idsOf(await under.records()))).toEqual(new Set(idsOf(truth(tenant))));
});

test('it waits where the ledger is garbage, and names the line', async () => {
  under = await start();
  await under.sync();
  const path = join(under.folder, 'ledger.jsonl');
  const before = await readFile(path);
  await writeFile(path, 'garbage\n', { flag: 'a' });
  const requests = under.simulator.requests.length;

  const request = await under.request();
  expect(await waitsFor(under, 'LEDGER_UNREADABLE')).toContain('Line 2 of ');
  expect(under.simulator.requests).toHaveLength(requests);
  expect(await readFile(path, 'utf8')).toBe(`${before.toString()}garbage\n`);
  await writeFile(path, before);

  expect((await under.reportOf(request)).outcome).toBe('completed');
});

test.each(['', '{"chats":['])('a rewind mends a list that a loss of power left as %j', async (damage) => {
  under = await start();
  const request = await inMidSync(under);
  await under.chain.cancel();
  expect((await under.reportOf(request)).outcome).toBe('failed');
  under.simulator.setFaults();
  const staging = join(under.folder, '.staging');
  const [window = ''] = await readdir(staging);
  await writeFile(join(staging, window, 'list-000001.json'), damage);
  await under.restart(BACKFILL);
  const stuck = await under.request();
  const [, to = ''] = /rewind --to (\S+)`/.exec(await waitsFor(under, 'LIST_UNREADABLE')) ?? [];
  await under.chain.cancel();
  await under.reportOf(stuck);

  await rewindTo(under, to);

  expect(await under.sync()).toMatchObject({ outcome: 'completed', chats: 20 });
  const lines = (await under.ledger()) as { outcome: string; unreadableLists?: number }[];
  expect(lines).toMatchObject([{ outcome: 'abandoned', unreadableLists: 1 }, { outcome: 'completed' }]);
  expect(new Set(idsOf(await under.records()))).toEqual(new Set(idsOf(truth(tenant))));
});
