import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { DefaultLogger } from '@temporalio/worker';
import Long from 'long';
import { createTenant, truth } from '../../simulator';
import { syncTaskQueue } from '../../src/contract';
import { RefusedError } from '../../src/source';
import { newState, type Report, type State } from '../../src/state';
import { watchWorkers } from '../../src/watch-workers';
import { expectExactly, idsOf } from '../support/exact';
import { startSource, type SourceUnderTest } from '../support/source-under-test';

let under: SourceUnderTest;
afterEach(() => under.close());

const BACKFILL = { BACKFILL_START: '2026-08-01' };
const BACKFILL_IGNORED = expect.stringContaining('BACKFILL_START is ignored') as unknown;
/** A chain that goes on from some state of the past. */
const startChain = (state: State) =>
  under.client.workflow.start('chatSync', {
    workflowId: under.chain.workflowId,
    taskQueue: syncTaskQueue(under.source.name),
    args: [state],
    memo: { state: { ...state, running: false } },
  });
/** A sync whose window is not empty: a second has passed. */
async function syncUntilThereIsSomethingToDo(): Promise<Report> {
  for (;;) {
    const report = await under.sync();
    if (report.from !== report.to || report.outcome !== 'completed') return report;
  }
}
const rewindTo = (to: string, skip = false) => under.source.rewind({ to, skip, reason: 'test', epoch: Date.now() });

test('it shares one sync among all who ask at once', async () => {
  const tenant = createTenant({ chats: 10 });
  under = await startSource({ simulator: { tenant }, settings: BACKFILL });

  const requests = await Promise.all(Array.from({ length: 15 }, () => under.request()));
  const reports = await Promise.all(requests.map((request) => under.reportOf(request)));

  for (const report of reports) expect(report.outcome).toBe('completed');
  expect(new Set(reports.map((report) => report.n)).size).toBeLessThan(15);
  expectExactly(await under.records(), tenant);
});

test('it refuses to sync while paused, also after the source was terminated, until it is resumed', async () => {
  under = await startSource({ settings: BACKFILL });
  await under.source.pause('audit');

  expect(await under.sync()).toMatchObject({ outcome: 'refused', from: null, to: null });
  await under.chain.terminate('by an operator');
  expect((await under.sync()).outcome).toBe('refused');
  expect((await under.source.view()).memo?.paused).toMatchObject({ reason: 'audit' });

  await under.source.resume();
  expect((await under.sync()).outcome).toBe('completed');
});

test('it sends again, in new parts of a new epoch, what lies behind a rewind', async () => {
  const tenant = createTenant({ chats: 12 });
  under = await startSource({ simulator: { tenant }, settings: BACKFILL });
  await under.sync();
  const to = '2026-09-15T00:00:00.000Z';

  await rewindTo(to);
  expect((await under.source.view()).memo).toMatchObject({ syncedThrough: to });
  await under.sync();

  const again = truth(tenant, { from: to });
  expect(again.length).toBeGreaterThan(0);
  expect(idsOf(await under.records())).toEqual(idsOf([...truth(tenant), ...again]));
  const [first, second] = await under.ledger();
  expect(first).not.toHaveProperty('rewound');
  expect(second).toMatchObject({ from: to, rewound: true, records: again.length });
  expect(second!.epoch).toBeGreaterThan(first!.epoch);
});

test('it rewinds forwards only when told to skip', async () => {
  const now = Date.now() - 3_600_000;
  under = await startSource({ simulator: { clock: () => now }, settings: BACKFILL });
  await under.sync();
  const later = new Date(Date.now() - 60_000).toISOString();

  await expect(rewindTo(later)).rejects.toThrow(RefusedError);
  await rewindTo(later, true);

  expect((await under.source.view()).memo?.syncedThrough).toBe(later);
});

test('it tells the sink of a window that a rewind gave up', async () => {
  const tenant = createTenant({ chats: 6 });
  under = await startSource({ simulator: { tenant }, settings: BACKFILL });
  const [broken] = [...tenant.chats.keys()];
  under.simulator.setFaults({ targets: [{ chatId: broken!, kind: '500-no-retry', times: 1000 }] });
  const failed = await under.sync();
  under.simulator.setFaults();

  await rewindTo('2026-09-15T00:00:00Z');
  await under.sync();

  const [abandoned, completed] = await under.ledger();
  expect(abandoned).toMatchObject({ epoch: 0, outcome: 'abandoned', from: failed.from, to: failed.to, chats: 5 });
  expect(completed).toMatchObject({ outcome: 'completed', from: '2026-09-15T00:00:00.000Z', rewound: true });
});

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
  await startChain(state);
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

test('it goes on with the window of a sync that is reset to its start, whose parts are published already', async () => {
  const tenant = createTenant({ chats: 12, messagesPerChat: 2 });
  under = await startSource({ simulator: { tenant }, settings: { ...BACKFILL, PAGE_SIZE: '5' } });
  const last = tenant.chatOrder.updated_at.entries().at(-1)!.item.id;
  under.simulator.setFaults({ targets: [{ chatId: last, kind: '500', times: Infinity }] });
  const request = await under.request();
  while ((await under.records()).length < 20) await under.source.view();

  const { workflowId } = under.chain;
  const { runId } = await under.chain.describe();
  await under.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId, runId },
    workflowTaskFinishEventId: Long.fromNumber(4),
    requestId: randomUUID(),
    reason: 'by an operator',
  });
  under.simulator.setFaults();

  expect(await under.reportOf(request)).toMatchObject({ outcome: 'completed', chats: 12, messages: 24 });
  expectExactly(await under.records(), tenant);
  const ledger = await under.ledger();
  expect(ledger).toHaveLength(1);
  expect(ledger[0]).toMatchObject({ chats: 12, records: 24 });
});

test('it names in the ledger what a window published that was forgotten by a reset and given up by a rewind', async () => {
  const tenant = createTenant({ chats: 12, messagesPerChat: 2 });
  under = await startSource({ simulator: { tenant }, settings: { ...BACKFILL, PAGE_SIZE: '5' } });
  const last = tenant.chatOrder.updated_at.entries().at(-1)!.item.id;
  under.simulator.setFaults({ targets: [{ chatId: last, kind: '500-no-retry', times: Infinity }] });
  await under.sync();
  await under.chain.terminate('by an operator');
  await startChain(newState(under.source.name));
  await rewindTo('2026-08-01T00:00:00.000Z');
  under.simulator.setFaults();

  expect(await under.sync()).toMatchObject({ outcome: 'completed', messages: 24 });
  expect(await under.ledger()).toMatchObject([
    { epoch: 0, outcome: 'abandoned', chats: 11, records: 22 },
    { outcome: 'completed', chats: 12, records: 24, rewound: true },
  ]);
});

test('it offers no way on that would forget what was parked since the past that was brought back', async () => {
  const tenant = createTenant({ chats: 4, messagesPerChat: 2 });
  under = await startSource({ simulator: { tenant }, settings: { ...BACKFILL, ON_CHAT_FAILURE: 'park' } });
  await under.sync();
  const { memo: past } = await under.source.view();
  const [broken = ''] = [...tenant.chats.keys()];
  tenant.addMessage(broken, {});
  under.simulator.setFaults({ targets: [{ chatId: broken, kind: '500-no-retry', times: Infinity }] });
  while ((await under.sync()).parked === 0);
  under.simulator.setFaults();
  await under.chain.terminate('by an operator');
  const { running: _, ...state } = past!;
  await startChain(state);

  const refused = await under.sync();

  expect(refused).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/^LedgerDisagrees: /) });
  expect(refused.reason).not.toContain('--skip');
  const [, to = ''] = /rewind --to (\S+)`/.exec(refused.reason ?? '') ?? [];
  await rewindTo(to);
  expect(await under.sync()).toMatchObject({ outcome: 'completed', parked: 0 });
  expect(new Set(idsOf(await under.records()))).toEqual(new Set(idsOf(truth(tenant))));
});

test('it refuses to go on where the sink lost everything, until it is told to begin a new one', async () => {
  const tenant = createTenant({ chats: 4 });
  under = await startSource({ simulator: { tenant }, settings: BACKFILL });
  const { to } = await under.sync();
  await rename(under.folder, `${under.folder}-away`);
  tenant.addMessage([...tenant.chats.keys()][0]!, {});

  for (let tries = 0; tries < 2; tries++) {
    const { outcome, reason } = await syncUntilThereIsSomethingToDo();
    expect(outcome).toBe('failed');
    expect(reason).toMatch(/^LedgerDisagrees: the sink file has no ledger, but everything through/);
    expect(reason).toContain(`\`chat-sync rewind --to ${to}\``);
  }

  await rm(under.folder, { recursive: true, force: true });
  await rename(`${under.folder}-away`, under.folder);
  expect(await under.sync()).toMatchObject({ outcome: 'completed', from: to });
  expectExactly(await under.records(), tenant);

  await rm(under.folder, { recursive: true, force: true });
  const { syncedThrough } = (await under.source.view()).memo!;
  await rewindTo(syncedThrough!);
  const again = await syncUntilThereIsSomethingToDo();
  expect(again).toMatchObject({ outcome: 'completed', from: syncedThrough });
  expect(again.warnings.join()).toContain(`sink file holds messages since ${syncedThrough} only`);
  expect(await syncUntilThereIsSomethingToDo()).toMatchObject({ outcome: 'completed', warnings: [BACKFILL_IGNORED] });
});

test('it refuses to go on in a sink of before the last rewind', async () => {
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
    targets: [...tenant.chats.keys()].map((chatId) => ({ chatId, kind: '500-no-retry', times: 1 })),
  });
  await under.sync();
  const { window } = (await under.source.view()).memo!.unfinished!;
  await under.sink.commit?.(window, { outcome: 'abandoned', totals: { chats: 0, records: 0 }, requestId: null });

  const { outcome, reason } = await under.sync();

  expect(outcome).toBe('failed');
  expect(reason).toContain(`as given up by a later rewind: \`chat-sync rewind --to ${window.from}\``);
  await rewindTo(window.from);
  expect(await under.sync()).toMatchObject({ outcome: 'completed', messages: 8 });
  expectExactly(await under.records(), tenant);
});

test('it begins a new sink where another one was written to before', async () => {
  under = await startSource({ settings: BACKFILL });
  const to = '2026-09-15T00:00:00.000Z';
  await startChain({ ...newState(under.source.name), n: 1, syncedThrough: to, sink: 'stdout' });

  const report = await under.sync();

  expect(report).toMatchObject({ outcome: 'completed', from: to });
  expect(report.warnings.join()).toContain(`sink file holds messages since ${to} only`);
});

test('it refuses to begin at now where the sink holds more than a lost source knows', async () => {
  under = await startSource({ settings: BACKFILL });
  await under.sync();
  await rewindTo('2026-09-15T00:00:00.000Z');
  const { to } = await under.sync();
  await under.chain.terminate('by an operator');
  await under.client.workflowService.deleteWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: under.chain.workflowId },
  });
  while ((await under.source.view()).memo !== null) await new Promise((resolve) => setTimeout(resolve, 50));
  await under.restart({ BACKFILL_START: '' });

  const report = await under.sync();

  expect(report.outcome).toBe('failed');
  expect(report.reason).toContain(`\`chat-sync rewind --to ${to}\` brings the messages between`);
  expect(report.requests).toBe(1);

  await rewindTo(to!);
  expect(await under.sync()).toMatchObject({ outcome: 'completed', from: to });
});

test('it warns when another number of workers polls than each was told', async () => {
  under = await startSource({ settings: { ...BACKFILL, WORKERS: '2' } });
  const stop = new AbortController();
  const warned = new Promise<string>((resolve) => {
    const logger = new DefaultLogger('WARN', ({ message }) => resolve(message));
    void watchWorkers({ source: under.source, expected: 2, logger, signal: stop.signal, lookEveryMs: 50 });
  });

  expect(await warned).toMatch(/^1 workers serve source .* but WORKERS=2/);
  stop.abort();
});
