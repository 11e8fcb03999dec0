import type { Clock } from '../../src/compliance-api/pacer';

/** Time that passes only when nothing else is left to do. */
export interface VirtualTime extends Clock {
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Lets time pass until `work` has ended. @throws Error when that takes more than `mostMs`, or nothing is left to wait for. */
  until<T>(work: Promise<T>, mostMs: number): Promise<T>;
}

interface Timer {
  at: number;
  run: () => void;
}

export function createVirtualTime(start: number): VirtualTime {
  let now = start;
  const timers = new Set<Timer>();
  const after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: now + Math.max(0, ms), run };
    timers.add(timer);
    return () => void timers.delete(timer);
  };

  function next(): void {
    let first: Timer | undefined;
    for (const timer of timers) if (first === undefined || timer.at < first.at) first = timer;
    if (!first) throw new Error('it waits for nothing that could happen');
    timers.delete(first);
    now = first.at;
    first.run();
  }

  return {
    now: () => now,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const giveUp = (): void => {
          callOff();
          reject(signal?.reason as Error);
        };
        const callOff = after(ms, () => {
          signal?.removeEventListener('abort', giveUp);
          resolve();
        });
        if (signal?.aborted) giveUp();
        else signal?.addEventListener('abort', giveUp, { once: true });
      }),
    async until(work, mostMs) {
      const latest = now + mostMs;
      const soon = (): Promise<'not yet'> => new Promise((resolve) => setImmediate(() => resolve('not yet')));
      for (;;) {
        // Whatever can go on without time goes on first.
        const ended = await Promise.race([work, soon()]);
        if (ended !== 'not yet') return ended;
        if (now > latest) throw new Error(`it takes longer than ${mostMs} ms`);
        next();
      }
    },
  };
}
