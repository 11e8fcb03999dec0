import { DestinationError } from '../../src/destinations/destination';
import { deliveryWorkflowId } from '../../src/contract';
import { recording, type Recording } from '../support/recording-destination';
import { startSource, type SourceUnderTest } from '../support/source-under-test';
import { until } from '../support/until';
import { setTimeout as sleep } from 'node:timers/promises';

const BACKFILL = { BACKFILL_START: '2026-01-01' };
let sut: SourceUnderTest;
afterEach(() => sut.close());

const sorted = (d: Recording): string[] => [...new Set(d.ids())].sort();
const all = async (): Promise<string[]> => (await sut.records()).map(({ id }) => id).sort();
const caughtUp = (name: string, line: number) =>
  until(async () => {
    const view = await sut.delivery(name).view();
    return view?.state.position && view.state.position.entry > line ? view : null;
  });

it('a storm of pause, resume, rewind and wake loses nothing', async () => {
  let n = 0;
  const some = recording(() => {
    n += 1;
    if (n % 5 === 0) throw new DestinationError('x', 'y'.repeat(5000));
  });
  sut = await startSource({ settings: BACKFILL, destinations: { some } });
  const syncing = sut.sync();
  const chain = sut.delivery('some');
  for (let i = 0; i < 12; i++) {
    const results = await Promise.allSettled([
      chain.pause(`p${i}`),
      chain.rewind({ to: '2026-01-01' }),
      chain.resume(),
      chain.wake(),
      chain.rewind({ refused: true }),
    ]);
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
    await sleep(50);
  }
  await syncing;
  await chain.resume();
  await caughtUp('some', 1);
  expect(sorted(some)).toEqual(await all());
});

it('cancel, terminate and reset lose nothing', async () => {
  const some = recording();
  sut = await startSource({ settings: BACKFILL, destinations: { some } });
  await sut.sync();
  await caughtUp('some', 1);
  const source = (await sut.delivery('some').view())!.state.source;
  const handle = sut.client.workflow.getHandle(deliveryWorkflowId(source, 'some'));
  await handle.cancel();
  await handle.cancel();
  await sut.nextSync();
  await caughtUp('some', 2);
  await handle.terminate();
  await sut.nextSync();
  await caughtUp('some', 3);
  const { runId } = await handle.describe();
  await sut.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId, runId },
    reason: 'x',
    requestId: String(Math.random()),
    workflowTaskFinishEventId: { toNumber: () => 4, low: 4, high: 0, unsigned: false } as never,
  });
  await sut.nextSync();
  await caughtUp('some', 4);
  expect(sorted(some)).toEqual(await all());
});

it('a cancelled destination that is paused stays paused', async () => {
  const some = recording();
  sut = await startSource({ settings: BACKFILL, destinations: { some } });
  await sut.delivery('some').pause('x');
  const source = (await sut.delivery('some').view())!.state.source;
  const handle = sut.client.workflow.getHandle(deliveryWorkflowId(source, 'some'));
  await handle.cancel();
  await sut.sync();
  await sleep(2000);
  expect(some.ids()).toEqual([]);
  await handle.terminate();
  await sut.nextSync();
  await sleep(2000);
  expect(some.ids()).toEqual([]);
  await sut.delivery('some').resume();
  await caughtUp('some', 2);
  expect(sorted(some)).toEqual(await all());
});

it('a sync is not held up by a destination whose memo is of another version', async () => {
  const some = recording();
  sut = await startSource({ settings: BACKFILL, destinations: { some } });
  await sut.sync();
  const view = await caughtUp('some', 1);
  const id = deliveryWorkflowId(view.state.source, 'some');
  await sut.client.workflow.getHandle(id).terminate();
  const state = { ...view.state, v: 2 };
  const handle = await sut.client.workflow.start('delivery', {
    workflowId: id,
    taskQueue: 'nobody',
    args: [state],
    memo: { state },
  });
  await handle.terminate();
  const report = await Promise.race([sut.nextSync(), sleep(20_000).then(() => 'hangs')]);
  expect(report).toMatchObject({ outcome: 'completed' });
});
