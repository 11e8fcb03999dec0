import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@temporalio/worker';
import type { Source } from '../source';

/** An ended worker is seen for another minute: two looks further apart than that do not both count it. */
const LOOK_EVERY_MS = 75_000;

export interface WatchOptions {
  source: Source;
  /** `WORKERS`, by which each worker takes its share of the rate. */
  expected: number;
  logger: Logger;
  signal: AbortSignal;
  lookEveryMs?: number;
}

/** Warns if two looks in a row find another number of workers than `WORKERS`. */
export async function watchWorkers(options: WatchOptions): Promise<void> {
  const { source, expected, logger, signal, lookEveryMs = LOOK_EVERY_MS } = options;
  let before = expected;
  for (;;) {
    await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const seen = await source.workers().catch(() => expected);
    if (seen !== expected && seen === before) {
      logger.warn(
        `${seen} workers serve source ${source.name}, but WORKERS=${expected}: end the others, or set it to ${seen} in each`,
      );
    }
    before = seen;
  }
}
