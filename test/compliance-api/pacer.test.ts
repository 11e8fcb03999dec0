import fc from 'fast-check';
import { createPacer, TurnRefused, type PacerOptions } from '../../src/compliance-api/pacer';
import { FakeClock, settled } from './fake-clock';

/** The clock's timers are off by parts of a millisecond. */
const toTen = (ms: number): number => Math.round(ms / 10) * 10;

/** A pacer on a clock of its own, and what becomes of those who ask it for a turn. */
function setUp(options: Partial<PacerOptions> = {}) {
  const clock = new FakeClock();
  const pacer = createPacer({ requestsPerSecond: 4, workers: 1, clock, ...options });
  const starts: { who: number; at: number }[] = [];
  const refused: { who: number; retryAfterMs: number }[] = [];
  let asked = 0;
  const ask = (signal?: AbortSignal): number => {
    const who = asked++;
    pacer.turn(signal).then(
      () => starts.push({ who, at: clock.now() }),
      (error: unknown) => {
        if (error instanceof TurnRefused) refused.push({ who, retryAfterMs: error.retryAfterMs });
      },
    );
    return who;
  };
  const askTimes = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) ask();
    await settled();
  };
  return { clock, pacer, starts, refused, ask, askTimes, at: () => starts.map(({ at }) => toTen(at)) };
}

describe('createPacer', () => {
  it('starts the first request at once and the others an interval apart', async () => {
    const { clock, askTimes, at } = setUp();
    await askTimes(4);
    await clock.advance(1000);
    expect(at()).toEqual([0, 250, 500, 750]);
  });

  it('does not catch up after a pause', async () => {
    const { clock, askTimes, at } = setUp();
    await clock.advance(10_000);
    await askTimes(3);
    await clock.advance(1000);
    expect(at()).toEqual([10_000, 10_250, 10_500]);
  });

  it('takes its share of the rate among workers, also below one request a second', async () => {
    const { clock, askTimes, at } = setUp({ requestsPerSecond: 0.5, workers: 3 });
    await askTimes(3);
    await clock.advance(20_000);
    expect(at()).toEqual([0, 6000, 12_000]);
  });

  it.each([0, -1, NaN, Infinity])('does not accept a rate of %p', (requestsPerSecond) => {
    expect(() => createPacer({ requestsPerSecond, workers: 1 })).toThrow(RangeError);
  });

  it('gives the turn of one who gave up to the next, and leaves no timer behind', async () => {
    const { clock, ask, at, starts } = setUp();
    const gone = new AbortController();
    ask();
    ask(gone.signal);
    ask();
    gone.abort();
    await clock.advance(1000);
    expect(starts.map(({ who }) => who)).toEqual([0, 2]);
    expect(at()).toEqual([0, 250]);
    const alone = new AbortController();
    ask();
    ask(alone.signal);
    alone.abort();
    expect(clock.pending()).toBe(0);
  });

  it('throws the reason of the signal', async () => {
    const { pacer } = setUp();
    const reason = new Error('enough');
    await expect(pacer.turn(AbortSignal.abort(reason))).rejects.toBe(reason);
    const later = new AbortController();
    await pacer.turn();
    const turn = pacer.turn(later.signal);
    later.abort(reason);
    await expect(turn).rejects.toBe(reason);
  });

  it('refuses a turn that is further away than the longest wait, saying how far', async () => {
    const { askTimes, refused } = setUp({ requestsPerSecond: 0.1, maxWaitMs: 15_000 });
    await askTimes(3);
    expect(refused).toEqual([{ who: 2, retryAfterMs: 20_000 }]);
  });

  describe('on a 429', () => {
    it('closes for everyone until retry-after, then goes on at its pace', async () => {
      const { clock, pacer, askTimes, at } = setUp();
      await askTimes(3);
      pacer.observe({ status: 429, retryAfterMs: 5000 });
      await askTimes(1);
      await clock.advance(10_000);
      expect(at()).toEqual([0, 5000, 5250, 5500]);
    });

    it('closes for 1 s doubling to 60 s without retry-after, and starts anew after a success', async () => {
      const { clock, pacer, ask, starts } = setUp({ maxWaitMs: 100_000 });
      const waits: number[] = [];
      const waitOfNext = async (): Promise<number> => {
        const from = clock.now();
        ask();
        await clock.advance(70_000);
        return toTen((starts.at(-1)?.at ?? NaN) - from);
      };
      for (let i = 0; i < 8; i++) {
        pacer.observe({ status: 429 });
        waits.push(await waitOfNext());
      }
      expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
      pacer.observe({ status: 200 });
      pacer.observe({ status: 429 });
      expect(await waitOfNext()).toBe(1000);
    });

    it('counts the refusals of requests that were under way together as one', async () => {
      const { clock, pacer, ask, at } = setUp();
      for (let i = 0; i < 8; i++) pacer.observe({ status: 429 });
      ask();
      await clock.advance(30_000);
      expect(at()).toEqual([1000]);
    });

    it('does not open earlier for a shorter retry-after, nor for a success', async () => {
      const { clock, pacer, ask, at } = setUp();
      pacer.observe({ status: 429, retryAfterMs: 5000 });
      pacer.observe({ status: 429, retryAfterMs: 1000 });
      pacer.observe({ status: 200 });
      ask();
      await clock.advance(10_000);
      expect(at()).toEqual([5000]);
    });

    it('refuses those already waiting whose turn has moved too far away', async () => {
      const { clock, pacer, askTimes, at, refused } = setUp();
      await askTimes(3);
      pacer.observe({ status: 429, retryAfterMs: 29_800 });
      await clock.advance(40_000);
      expect(at()).toEqual([0, 29_800]);
      expect(refused).toEqual([{ who: 2, retryAfterMs: 30_050 }]);
    });
  });

  describe('when the budget runs low', () => {
    it('spreads four fifths of what is left over the time until the reset', async () => {
      const { clock, pacer, askTimes, at } = setUp();
      pacer.observe({ status: 200, remaining: 10, resetInMs: 8000 });
      await askTimes(4);
      await clock.advance(4000);
      expect(at()).toEqual([0, 1000, 2000, 3000]);
    });

    it('keeps the set rate while there is a hundred left or more, however far the reset', async () => {
      const { clock, pacer, askTimes, at } = setUp();
      pacer.observe({ status: 200, remaining: 100, resetInMs: 60_000 });
      await askTimes(3);
      await clock.advance(1000);
      expect(at()).toEqual([0, 250, 500]);
    });

    it('shares what is left among the workers', async () => {
      const { clock, pacer, askTimes, at } = setUp({ workers: 2 });
      pacer.observe({ status: 200, remaining: 10, resetInMs: 8000 });
      await askTimes(3);
      await clock.advance(6000);
      expect(at()).toEqual([0, 2000, 4000]);
    });

    it('goes back to its pace at the reset', async () => {
      const { clock, pacer, askTimes, at } = setUp();
      pacer.observe({ status: 200, remaining: 0, resetInMs: 5000 });
      await askTimes(3);
      await clock.advance(10_000);
      expect(at()).toEqual([0, 5000, 5250]);
    });

    it('goes back to its pace when an answer says that there is enough', async () => {
      const { clock, pacer, askTimes, at } = setUp();
      pacer.observe({ status: 200, remaining: 0, resetInMs: 5000 });
      await askTimes(2);
      await clock.advance(1000);
      pacer.observe({ status: 200, remaining: 500, resetInMs: 5000 });
      await clock.advance(1000);
      expect(at()).toEqual([0, 1000]);
    });

    it('never waits longer than a minute for it', async () => {
      const { clock, pacer, askTimes, at } = setUp({ maxWaitMs: 100_000 });
      pacer.observe({ status: 200, remaining: 0, resetInMs: 120_000 });
      await askTimes(2);
      await clock.advance(100_000);
      expect(at()).toEqual([0, 60_000]);
    });

    it('says what is left, and null before any answer did', () => {
      const { pacer } = setUp();
      expect(pacer.budgetRemaining()).toBeNull();
      pacer.observe({ status: 200, remaining: 599, resetInMs: 100 });
      pacer.observe({ status: 502 });
      expect(pacer.budgetRemaining()).toBe(599);
    });
  });

  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('ask' as const), times: fc.integer({ min: 1, max: 6 }) }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.double({ min: 0, max: 2500, noNaN: true }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('give up' as const), who: fc.nat(50) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('answer' as const),
        facts: fc.record(
          {
            status: fc.constantFrom(200, 200, 404, 429, 500),
            retryAfterMs: fc.integer({ min: 1, max: 40_000 }),
            remaining: fc.nat(700),
            resetInMs: fc.integer({ min: 1, max: 120_000 }),
          },
          { requiredKeys: ['status'] },
        ),
      }),
    },
  );

  it('never starts more than the rate and one in any second, in order, and forgets no one, whatever happens', async () => {
    const rates = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.double({ min: 0.1, max: 12, noNaN: true }));
    await fc.assert(
      fc.asyncProperty(
        rates,
        fc.integer({ min: 1, max: 3 }),
        fc.array(step, { maxLength: 40 }),
        async (rate, workers, steps) => {
          const { clock, pacer, starts, refused, ask } = setUp({ requestsPerSecond: rate, workers });
          const signals: AbortController[] = [];
          for (const doing of steps) {
            if (doing.do === 'wait') await clock.advance(doing.ms);
            else if (doing.do === 'answer') pacer.observe(doing.facts);
            else if (doing.do === 'give up') signals[doing.who]?.abort();
            else {
              for (let i = 0; i < doing.times; i++) {
                const signal = new AbortController();
                signals.push(signal);
                ask(signal.signal);
              }
            }
            await settled();
          }
          await clock.advance(40_000);

          const whos = starts.map(({ who }) => who);
          expect(whos).toEqual([...whos].sort((a, b) => a - b));
          const ends = new Set([...whos, ...refused.map(({ who }) => who)]);
          signals.forEach((signal, who) => expect(signal.signal.aborted || ends.has(who)).toBe(true));
          starts.forEach(({ at }, i) => {
            const next = starts[i + 1];
            // A late timer is made up for by the next start, within bounds.
            const interval = (workers / rate) * 1000;
            if (next) expect(next.at - at).toBeGreaterThanOrEqual(interval - Math.min(50, interval / 2) - 1e-6);
            const inSecond = starts.filter((other) => other.at >= at && other.at < at + 1000).length;
            expect(inSecond).toBeLessThanOrEqual(Math.ceil(rate / workers) + 1);
          });
          expect(refused.every(({ retryAfterMs }) => retryAfterMs > 30_000)).toBe(true);
          expect(clock.pending()).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});
