import type { RateFacts } from './answer-headers';

/** Time as the pacer sees it; injected by tests. */
export interface Clock {
  /** Monotonic milliseconds, of any origin. */
  now(): number;
  /** Runs `run` after about `ms` milliseconds; the returned function cancels that. */
  after(ms: number, run: () => void): () => void;
}

export interface PacerOptions {
  /** The rate over all workers of the source; may be below 1. */
  requestsPerSecond: number;
  /** How many processes share the rate. */
  workers: number;
  /** A turn further away than this is refused at once (30 s). */
  maxWaitMs?: number;
  clock?: Clock;
}

/** Says when each request of this process may start. */
export interface Pacer {
  /**
   * Resolves when a request may start, first come first served.
   * @throws {@link TurnRefused} if that is more than `maxWaitMs` away, now or after a later answer; the signal's reason
   * when it is aborted. A waiter that gives up leaves no gap.
   */
  turn(signal?: AbortSignal): Promise<void>;
  /** Notes what an answer says about the rate limit. To be called for every answer. */
  observe(facts: RateFacts): void;
  /** The requests left in the API's budget, by its last answer; null if none said. */
  budgetRemaining(): number | null;
}

/** Thrown if the next turn is too far away to hold an activity slot for it. */
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
/** How much of a timer's delay the next start may make up for. */
const mostCatchUpMs = 50;
/** A sixth of the documented 600 a minute: with more left, the configured rate applies. */
const lowBudget = 100;
/** Our share of a low budget: other integrations of the organization use it too. */
const ourShare = 0.8;

const processClock: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Request starts of this process are at least `workers / requestsPerSecond` seconds apart. After a pause nothing is
 * made up but a timer's delay, so any second holds at most the rate and one. A 429 holds up all of them.
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

  /** How long the waiter at this place of the queue still has to wait, ms. */
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
      // A timer may fire early, and an answer may have moved the start: the clock decides.
      const waitMs = waitAt(0);
      if (waitMs > 0) {
        cancelTimer = clock.after(Math.ceil(waitMs), pump);
        return;
      }
      // A late timer must not delay all later starts: the next one makes up for a part of it.
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
    // Requests that were under way at the first 429 get one too: together they are one refusal.
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
