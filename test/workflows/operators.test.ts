import { randomUUID } from 'node:crypto';
import { DefaultLogger } from '@temporalio/worker';
import Long from 'long';
import { createTenant, truth } from '../../simulator';
import { RefusedError } from '../../src/temporal/update-errors';
import { newState } from '../../src/domain/state';
import { watchWorkers } from '../../src/worker/watch-workers';
import { expectExactly, idsOf } from '../support/exact';
import { startSource, type SourceUnderTest } from '../support/source-under-test';
import { until } from '../support/until';

let under: SourceUnderTest;
afterEach(() => under.close());

const BACKFILL = { BACKFILL_START: '2026-08-01' };
const rewindTo = (to: string, skip = false) => under.source.rewind({ to, skip, reason: 'test' });

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
  const later = new Date(Math.floor(Date.now() / 1000) * 1000 - 60_000).toISOString();

  await expect(rewindTo(later)).rejects.toThrow(RefusedError);
  await rewindTo(later, true);

  expect((await under.source.view()).memo?.syncedThrough).toBe(later);
});

test('it tells the archive of a window that a rewind gave up', async () => {
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

test('it goes on with the window of a sync that is reset to its start, whose parts are published already', async () => {
  // More than one part.
  const tenant = createTenant({ chats: 1100, messagesPerChat: 1 });
  under = await startSource({ simulator: { tenant }, settings: BACKFILL });
  const last = tenant.chatOrder.updated_at.entries().at(-1)!.item.id;
  under.simulator.setFaults({ targets: [{ chatId: last, kind: '500', times: Infinity }] });
  const request = await under.request();
  await until(async () => ((await under.source.view()).memo?.unfinished?.counters.chats ?? 0) >= 1000);

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

  expect(await under.reportOf(request)).toMatchObject({ outcome: 'completed', chats: 1100, messages: 1100 });
  expectExactly(await under.records(), tenant);
  const ledger = await under.ledger();
  expect(ledger).toHaveLength(1);
  expect(ledger[0]).toMatchObject({ chats: 1100, records: 1100 });
});

test('it names in the ledger what a window published that was forgotten by a reset and given up by a rewind', async () => {
  const tenant = createTenant({ chats: 12, messagesPerChat: 2 });
  under = await startSource({ simulator: { tenant }, settings: { ...BACKFILL, PAGE_SIZE: '5' } });
  const last = tenant.chatOrder.updated_at.entries().at(-1)!.item.id;
  under.simulator.setFaults({ targets: [{ chatId: last, kind: '500-no-retry', times: Infinity }] });
  await under.sync();
  await under.chain.terminate('by an operator');
  await under.goOnFrom(newState(under.source.name));
  await rewindTo('2026-08-01T00:00:00.000Z');
  under.simulator.setFaults();

  expect(await under.sync()).toMatchObject({ outcome: 'completed', messages: 24 });
  expect(await under.ledger()).toMatchObject([
    { epoch: 0, outcome: 'abandoned', chats: 11, records: 22 },
    { outcome: 'completed', chats: 12, records: 24, rewound: true },
  ]);
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
