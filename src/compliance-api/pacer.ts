import type { RateFacts } from './answer-headers';

/** Time as the pacer sees it; injected by tests. */
export interface Clock {
  /** Milliseconds that never go back; their origin means nothing. */
  now(): number;
  /** Runs `run` after about `ms` milliseconds; the returned function calls it off. */
  after(ms: number, run: () => void): () => void;
}

export interface PacerOptions {
  /** Over all workers of the source; may be below 1. */
  requestsPerSecond: number;
  /** How many processes share the rate. */
  workers: number;
  /** A turn that is further away than this is refused at once (30 s). */
  maxWaitMs?: number;
  clock?: Clock;
}

/** Says when each request of this process may start. */
export interface Pacer {
  /**
   * Resolves when a request may start, first come first served.
   * @throws {@link TurnRefused} when that is more than `maxWaitMs` away, now or because of an answer that came meanwhile;
   * the signal's reason when it is aborted. Who gives up leaves no gap.
   */
  turn(signal?: AbortSignal): Promise<void>;
  /** Takes note of what an answer says about the rate. To be called for every answer. */
  observe(facts: RateFacts): void;
  /** Requests left in the API's budget, as it said last; null if it never did. */
  budgetRemaining(): number | null;
}

/** The next turn is too far away to hold a slot for it. */
export class TurnRefused extends Error {
  override name = 'TurnRefused';
  constructor(readonly retryAfterMs: number) {
    super('the next turn is too far away');
  }
}

interface Waiter {
  askedAt: number;
  start: () => void;
  refuse: (error: TurnRefused) => void;
}

const defaultMaxWaitMs = 30_000;
const firstCloseMs = 1_000;
const longestMs = 60_000;
/** How much of a late timer the next start makes up for. */
const mostCatchUpMs = 50;
/** A sixth of the documented 600 a minute: above it the set rate stands. */
const lowBudget = 100;
/** What is left of a low budget is shared with other integrations of the organization. */
const ourShare = 0.8;

const processClock: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Request starts of this process are at least `workers / requestsPerSecond` seconds apart: no catching up after a pause
 * but for a late timer, so that no sliding second ever holds more than the rate and one. A 429 closes it for every request of the process.
 */
export function createPacer(options: PacerOptions): Pacer {
  const { requestsPerSecond, workers, maxWaitMs = defaultMaxWaitMs, clock = processClock } = options;
  const intervalMs = (workers / requestsPerSecond) * 1000;
  if (!(intervalMs > 0 && Number.isFinite(intervalMs)))
    throw new RangeError('the rate and the workers must be above 0');

  const queue: Waiter[] = [];
  let lastStart = -Infinity;
  let closedUntil = -Infinity;
  let refusals = 0;
  let stretch = { intervalMs: 0, until: -Infinity };
  let remaining: number | null = null;
  let cancelTimer = () => {};

  function startAfter(last: number): number {
    const stretched = Math.min(last + stretch.intervalMs, stretch.until);
    return Math.max(last + intervalMs, stretched, closedUntil);
  }

  /** How long the waiter at this place of the queue still has to wait. */
  function waitAt(place: number): number {
    const now = clock.now();
    let start = Math.max(startAfter(lastStart), now);
    for (let i = 0; i < place; i++) start = startAfter(start);
    return start - now;
  }

  function pump(): void {
    cancelTimer();
    cancelTimer = () => {};
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      // A timer may fire early, and an answer may have moved the start: look at the clock again each time.
      const waitMs = waitAt(0);
      if (waitMs > 0) {
        cancelTimer = clock.after(Math.ceil(waitMs), pump);
        return;
      }
      // A timer that fires late must not slow down all that follow; what the next start makes up for is bounded.
      const now = clock.now();
      const due = startAfter(lastStart);
      lastStart = next.askedAt <= due ? Math.max(due, now - Math.min(mostCatchUpMs, intervalMs / 2)) : now;
      queue.shift();
      next.start();
    }
  }

  function refuseTheDistant(): void {
    for (let last = queue.at(-1); last !== undefined; last = queue.at(-1)) {
      const waitMs = waitAt(queue.length - 1);
      if (waitMs <= maxWaitMs) return;
      queue.pop();
      last.refuse(new TurnRefused(waitMs));
    }
  }

  function close(retryAfterMs: number | undefined): void {
    const now = clock.now();
    // Requests that were under way when it closed are refused too: they are one refusal.
    if (now >= closedUntil) refusals += 1;
    const closeMs = retryAfterMs ?? Math.min(firstCloseMs * 2 ** (refusals - 1), longestMs);
    closedUntil = Math.max(closedUntil, now + closeMs);
  }

  function spreadBudget(budget: number, resetInMs: number): void {
    const perRequestMs = resetInMs / ((budget * ourShare) / workers);
    stretch = { intervalMs: Math.min(perRequestMs, longestMs), until: clock.now() + resetInMs };
  }

  return {
    async turn(signal) {
      signal?.throwIfAborted();
      const waitMs = waitAt(queue.length);
      if (waitMs > maxWaitMs) throw new TurnRefused(waitMs);
      await new Promise<void>((resolve, reject) => {
        const waiter: Waiter = {
          askedAt: clock.now(),
          start: () => settle(resolve),
          refuse: (error) => settle(() => reject(error)),
        };
        const settle = (how: () => void): void => {
          signal?.removeEventListener('abort', giveUp);
          how();
        };
        const giveUp = (): void => {
          queue.splice(queue.indexOf(waiter), 1);
          settle(() => reject(signal?.reason));
          pump();
        };
        signal?.addEventListener('abort', giveUp, { once: true });
        queue.push(waiter);
        pump();
      });
    },

    observe(facts) {
      if (facts.status === 429) close(facts.retryAfterMs);
      else if (facts.status < 500) refusals = 0;
      if (facts.remaining !== undefined) {
        remaining = facts.remaining;
        stretch = { intervalMs: 0, until: -Infinity };
        if (facts.resetInMs !== undefined && facts.remaining < lowBudget)
          spreadBudget(facts.remaining, facts.resetInMs);
      }
      refuseTheDistant();
      pump();
    },

    budgetRemaining: () => remaining,
  };
}
