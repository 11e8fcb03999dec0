import { createHash } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTenant, truth } from '../../simulator';
import { newState, type Report } from '../../src/domain/state';
import { expectExactly, idsOf } from '../support/exact';
import { startSource, type SourceUnderTest } from '../support/source-under-test';
import { nextSecond, until } from '../support/until';

let under: SourceUnderTest;
afterEach(() => under.close());

const BACKFILL = { BACKFILL_START: '2026-08-01' };
/** A sync whose window is not empty: a second has passed. */
async function syncUntilThereIsSomethingToDo(): Promise<Report> {
  for (; ; await nextSecond()) {
    const report = await under.sync();
    if (report.from !== report.to || report.outcome !== 'completed') return report;
  }
}
const rewindTo = (to: string, skip = false) => under.source.rewind({ to, skip, reason: 'test' });

test('it refuses to sync a source whose past was brought back, until a rewind mends it', async () => {
  let now = Date.now() - 3_600_000;
  const tenant = createTenant({ chats: 6 });
  under = await startSource({ simulator: { tenant, clock: () => now }, settings: BACKFILL });
  await under.sync();
  const { memo: past } = await under.source.view();
  now += 60_000;
  await under.sync();

  await under.chain.terminate('by an operator');
  const { running: _, ...state } = past!;
  await under.goOnFrom(state);
  now += 60_000;
  const refused = await under.sync();

  expect(refused.outcome).toBe('failed');
  const end = (await under.ledger())[1]!.to;
  expect(refused.reason).toContain(`holds messages through ${end}`);
  expect(refused.reason).toContain(`rewind --to ${end} --skip`);

  await rewindTo(end, true);
  expect(await under.sync()).toMatchObject({ outcome: 'completed', from: end });
  expectExactly(await under.records(), tenant);
});

test('it offers no way on that would forget what was parked since the past that was brought back', async () => {
  const tenant = createTenant({ chats: 4, messagesPerChat: 2 });
  under = await startSource({ simulator: { tenant }, settings: { ...BACKFILL, ON_CHAT_FAILURE: 'park' } });
  await under.sync();
  const { memo: past } = await under.source.view();
  const [broken = ''] = [...tenant.chats.keys()];
  tenant.addMessage(broken, {});
  under.simulator.setFaults({ targets: [{ chatId: broken, kind: '500-no-retry', times: Infinity }] });
  await until(async () => (await under.sync()).parked > 0);
  under.simulator.setFaults();
  await under.chain.terminate('by an operator');
  const { running: _, ...state } = past!;
  await under.goOnFrom(state);

  const refused = await under.sync();

  expect(refused).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/^LedgerDisagrees: /) });
  expect(refused.reason).not.toContain('--skip');
  const [, to = ''] = /rewind --to (\S+)`/.exec(refused.reason ?? '') ?? [];
  await rewindTo(to);
  expect(await under.sync()).toMatchObject({ outcome: 'completed', parked: 0 });
  expect(new Set(idsOf(await under.records()))).toEqual(new Set(idsOf(truth(tenant))));
});

test('it refuses to go on where the archive lost everything, until it is told to begin a new one', async () => {
  const tenant = createTenant({ chats: 4 });
  under = await startSource({ simulator: { tenant }, settings: BACKFILL });
  const { to } = await under.sync();
  await rename(under.folder, `${under.folder}-away`);
  tenant.addMessage([...tenant.chats.keys()][0]!, {});

  for (let tries = 0; tries < 2; tries++) {
    const { outcome, reason } = await syncUntilThereIsSomethingToDo();
    expect(outcome).toBe('failed');
    expect(reason).toMatch(/^LedgerDisagrees: the archive has no ledger, but everything through/);
    expect(reason).toContain(`\`chat-sync rewind --to ${to}\``);
  }

  await rm(under.folder, { recursive: true, force: true });
  await rename(`${under.folder}-away`, under.folder);
  expect(await under.nextSync()).toMatchObject({ outcome: 'completed', from: to });
  expectExactly(await under.records(), tenant);

  await rm(under.folder, { recursive: true, force: true });
  const { syncedThrough } = (await under.source.view()).memo!;
  await rewindTo(syncedThrough!);
  const again = await syncUntilThereIsSomethingToDo();
  expect(again).toMatchObject({ outcome: 'completed', from: syncedThrough });
  expect(again.warnings.join()).toContain(`the archive holds messages since ${syncedThrough} only`);
  expect(await syncUntilThereIsSomethingToDo()).toMatchObject({ outcome: 'completed', warnings: [] });
});

test('it refuses to go on in a archive of before the last rewind', async () => {
  const tenant = createTenant({ chats: 4 });
  under = await startSource({ simulator: { tenant }, settings: BACKFILL });
  const { to: end } = await under.sync();
  await rename(under.folder, `${under.folder}-old`);
  await rewindTo(end!);
  tenant.addMessage([...tenant.chats.keys()][0]!, {});
  await syncUntilThereIsSomethingToDo();
  await rm(under.folder, { recursive: true });
  await rename(`${under.folder}-old`, under.folder);

  const { outcome, reason } = await syncUntilThereIsSomethingToDo();

  expect(outcome).toBe('failed');
  expect(reason).toContain(`holds messages through ${end} and nothing since the last rewind`);
  expect(reason).toContain(`\`chat-sync rewind --to ${end}\``);
  await rewindTo(end!);
  expect(await syncUntilThereIsSomethingToDo()).toMatchObject({ outcome: 'completed' });
  expectExactly(await under.records(), tenant);
});

test('it does not take a window that was given up for one that was completed', async () => {
  const tenant = createTenant({ chats: 4, messagesPerChat: 2 });
  under = await startSource({ simulator: { tenant }, settings: BACKFILL });
  under.simulator.setFaults({
    targets: [...tenant.chats.keys()].map((chatId) => ({ chatId, kind: '500-no-retry', times: Infinity })),
  });
  await under.sync();
  const { window } = (await under.source.view()).memo!.unfinished!;
  under.simulator.setFaults();
  await under.archive.commit(window, { outcome: 'abandoned', totals: { chats: 0, records: 0 }, requestId: null });

  const { outcome, reason } = await under.sync();

  expect(outcome).toBe('failed');
  expect(reason).toContain(`as given up by a later rewind: \`chat-sync rewind --to ${window.from}\``);
  await rewindTo(window.from);
  expect(await under.sync()).toMatchObject({ outcome: 'completed', messages: 8 });
  expectExactly(await under.records(), tenant);
});

test('it refuses a ledger whose last line is not the one that it wrote, until that is back', async () => {
  under = await startSource({ settings: BACKFILL });
  const ledger = join(under.folder, 'ledger.jsonl');
  const { head } = await under.sync();
  const written = await readFile(ledger, 'utf8');
  expect(head).toEqual({ n: 1, sha256: createHash('sha256').update(written).digest('hex') });
  expect(JSON.parse(written)).toMatchObject({
    build: 'test',
    query: { listing: 'organization', messages: 'new', filters: null },
    firstRequestId: expect.stringMatching(/^req_/) as unknown,
    requestId: expect.stringMatching(/^req_/) as unknown,
  });

  await writeFile(ledger, written.replace('"build":"test"', '"build":"elsewhere"'));
  const { outcome, reason } = await under.nextSync();
  expect({ outcome, reason }).toEqual({
    outcome: 'failed',
    reason: expect.stringMatching(/^LedgerDisagrees: the archive does not hold the last line of its ledger/) as unknown,
  });
  await writeFile(ledger, written);
  expect(await under.nextSync()).toMatchObject({ outcome: 'completed', head: { n: 2 } });
});

test('it begins a new archive where another one was written to before', async () => {
  under = await startSource({ settings: BACKFILL });
  const to = '2026-09-15T00:00:00.000Z';
  await under.goOnFrom({ ...newState(under.source.name), n: 1, syncedThrough: to });

  const report = await under.sync();

  expect(report).toMatchObject({ outcome: 'completed', from: to });
  expect(report.warnings.join()).toContain(`the archive holds messages since ${to} only`);
});

test('it refuses to begin at now where the archive holds more than a lost source knows', async () => {
  under = await startSource({ settings: BACKFILL });
  await under.sync();
  await rewindTo('2026-09-15T00:00:00.000Z');
  const { to } = await under.sync();
  await under.chain.terminate('by an operator');
  await under.client.workflowService.deleteWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: under.chain.workflowId },
  });
  await until(async () => (await under.source.view()).memo === null);
  await under.restart({ BACKFILL_START: '' });

  const report = await under.sync();

  expect(report.outcome).toBe('failed');
  expect(report.reason).toContain(`\`chat-sync rewind --to ${to}\` brings the messages between`);
  expect(report.requests).toBe(1);

  await rewindTo(to!);
  expect(await under.sync()).toMatchObject({ outcome: 'completed', from: to });
});
