import { DestinationError } from '../../src/destinations/destination';
import { deliveryWorkflowId } from '../../src/contract';
import { recording, type Recording } from '../support/recording-destination';
import { startSource, type SourceUnderTest } from '../support/source-under-test';
import { until } from '../support/until';

const BACKFILL = { BACKFILL_START: '2026-01-01' };
let sut: SourceUnderTest;
afterEach(() => sut.close());

function breakable(): Recording & { isDown: boolean } {
  const destination = Object.assign(
    recording(() => {
      if (destination.isDown) throw new DestinationError('ECONNREFUSED', 'is down');
    }),
    { isDown: false },
  );
  return destination;
}

/**
 * A server allows 10,000 signals to one run, and 51,200 events; a destination that is down gets one wake per published part and per window,
 * and its run does not end while its attempts fail. (With 10,000: every publishPart and commitWindow fails with "unexpected ServiceError",
 * and a worker does not start: "Failed to signal Workflow". Tried with the product itself.)
 */
it('a destination that is down for long goes on to a new run before a server refuses to wake it', async () => {
  const ill = breakable();
  ill.isDown = true;
  sut = await startSource({ settings: BACKFILL, destinations: { ill } });
  await sut.sync();
  await until(async () => (await sut.delivery('ill').view())?.state.waiting);
  const id = deliveryWorkflowId((await sut.delivery('ill').view())!.state.source, 'ill');
  const handle = sut.client.workflow.getHandle(id);
  const { runId } = await handle.describe();
  for (let i = 0; i < 3000; i += 20) await Promise.all(Array.from({ length: 20 }, () => sut.delivery('ill').wake()));
  await until(async () => (await handle.describe()).runId !== runId);
});
