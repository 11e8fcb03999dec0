import { createApiSlots, type ApiSlots } from '../../src/worker/api-slots';
import { worstSecond } from '../../bench/rates';
import { createPacer } from '../../src/compliance-api/pacer';
import { mostUnderWay } from '../../src/contract';
import { FakeClock, settled } from '../compliance-api/fake-clock';

const context = {
  slotType: 'activity',
  taskQueue: '',
  workerIdentity: '',
  workerBuildId: '',
  isSticky: false,
} as const;
const release = ({ supplier }: ApiSlots): void => supplier.releaseSlot({ permit: {} });

/** Takes slots until there is none. @returns how many there were. */
async function takeAll({ supplier }: ApiSlots): Promise<number> {
  const stop = new AbortController();
  let taken = 0;
  for (let before = -1; before < taken; await settled()) {
    before = taken;
    void supplier.reserveSlot(context, stop.signal).then(
      () => taken++,
      () => undefined,
    );
  }
  stop.abort();
  return taken;
}

/** Temporal's polls of one worker: there are ten at the most, and each has a slot. */
const POLLS = 10;

/** Workers with one queue of many more tasks than they can do, on a clock of its own. */
async function startsOf(
  { rate, workers, seconds }: { rate: number; workers: number; seconds: number },
  latencyAt: (ms: number) => number,
): Promise<number[]> {
  const clock = new FakeClock();
  const starts: number[] = [];
  // What the workflow schedules ahead: as one task ends the next is there.
  let tasks = Math.max(64, mostUnderWay(rate));
  const polls: (() => void)[] = [];
  const dispatch = (): void => {
    for (; tasks > 0 && polls.length > 0; tasks--) polls.shift()?.();
  };
  for (let i = 0; i < workers; i++) {
    const slots = createApiSlots({ requestsPerSecond: rate, workers });
    const pacer = createPacer({ requestsPerSecond: rate, workers, clock });
    const perform = async (): Promise<void> => {
      await pacer.turn();
      starts.push(clock.now());
      const answered = slots.sent();
      await new Promise<void>((resolve) => clock.after(latencyAt(clock.now()), resolve));
      answered();
      release(slots);
      tasks += 1;
      dispatch();
    };
    const poll = async (): Promise<void> => {
      for (;;) {
        await slots.supplier.reserveSlot(context, new AbortController().signal);
        await new Promise<void>((resolve) => {
          polls.push(resolve);
          dispatch();
        });
        void perform();
      }
    };
    for (let j = 0; j < POLLS; j++) void poll();
  }
  await clock.advance(seconds * 1000);
  return starts;
}

const always = (ms: number) => () => ms;
/** Slow in the second third of a minute and a half; at once, as errors are, in some seconds. */
const changing = (ms: number): number => (ms % 10_000 < 1000 ? 100 : ms > 30_000 && ms < 60_000 ? 5000 : 300);

describe('createApiSlots', () => {
  it.each([
    { rate: 4, workers: 1, answers: 'in 300 ms', latencyAt: always(300) },
    { rate: 4, workers: 1, answers: 'in 2 s', latencyAt: always(2000) },
    { rate: 4, workers: 1, answers: 'in 5 s', latencyAt: always(5000) },
    { rate: 4, workers: 1, answers: 'in 20 s', latencyAt: always(20_000) },
    { rate: 4, workers: 3, answers: 'in 20 s', latencyAt: always(20_000) },
    { rate: 10, workers: 1, answers: 'in 300 ms', latencyAt: always(300) },
    { rate: 10, workers: 1, answers: 'in 2 s', latencyAt: always(2000) },
    { rate: 10, workers: 1, answers: 'in 5 s', latencyAt: always(5000) },
    { rate: 10, workers: 1, answers: 'in 20 s', latencyAt: always(20_000) },
    { rate: 10, workers: 3, answers: 'in 5 s', latencyAt: always(5000) },
    { rate: 10, workers: 1, answers: 'sooner and later', latencyAt: changing },
    { rate: 100, workers: 1, answers: 'in 5 s', latencyAt: always(5000) },
    { rate: 0.5, workers: 1, answers: 'in 20 s', latencyAt: always(20_000) },
  ])('keeps a rate of $rate over $workers where answers come $answers', async ({ rate, workers, latencyAt }) => {
    const seconds = 90;
    const starts = await startsOf({ rate, workers, seconds }, latencyAt);
    expect(starts.length / seconds).toBeGreaterThanOrEqual(rate * 0.97);
    expect(worstSecond(starts)).toBeLessThanOrEqual(workers * Math.ceil(rate / workers) + 1);
  });

  it.each([
    { rate: 0.02, workers: 1, slots: 1 },
    { rate: 0.5, workers: 1, slots: 9 },
    { rate: 4, workers: 1, slots: 12 },
    { rate: 10, workers: 3, slots: 6 },
    { rate: 10_000, workers: 1, slots: 64 },
  ])('lets $slots wait for their turn at $rate over $workers', async ({ rate, workers, slots }) => {
    expect(await takeAll(createApiSlots({ requestsPerSecond: rate, workers }))).toBe(slots);
  });

  it('counts no request that the API has, for as many as are sent in half a minute', async () => {
    const slots = createApiSlots({ requestsPerSecond: 4, workers: 1 });
    await takeAll(slots);
    const more: number[] = [];
    for (let i = 0; i < 121; i++) {
      slots.sent();
      more.push(await takeAll(slots));
    }
    expect(more).toEqual([...Array<number>(120).fill(1), 0]);
  });

  it('gives none while answers that came together are worked on', async () => {
    const slots = createApiSlots({ requestsPerSecond: 4, workers: 1 });
    await takeAll(slots);
    const answered = Array.from({ length: 20 }, () => slots.sent());
    expect(await takeAll(slots)).toBe(20);
    // Whoever says it twice is counted once.
    for (const answer of [...answered, ...answered]) answer();
    for (let i = 0; i < 20; i++) release(slots);
    expect(await takeAll(slots)).toBe(0);
    release(slots);
    expect(await takeAll(slots)).toBe(1);
  });

  it('rejects with the reason of who stopped asking, whose slot the next one gets', async () => {
    const slots = createApiSlots({ requestsPerSecond: 4, workers: 1 });
    await takeAll(slots);
    const stop = new AbortController();
    const reason = new Error('shutdown');
    const stopped = slots.supplier.reserveSlot(context, stop.signal);
    const next = slots.supplier.reserveSlot(context, new AbortController().signal);
    stop.abort(reason);
    await expect(stopped).rejects.toBe(reason);
    release(slots);
    await expect(next).resolves.toBeDefined();
  });
});
