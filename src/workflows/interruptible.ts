import { isCancellation } from '@temporalio/workflow';
import type { SourceState } from './source-state';

/** How long `hurry` lets work under way go on. */
const DRAIN_MS = 60_000;

/** Runs work that may be cancelled, since the next run or the next sync does it again. */
export interface Interruptible {
  /** @returns undefined if the work was cancelled. @throws What `work` throws. */
  run<T>(work: () => Promise<T>): Promise<T | undefined>;
  /** Cancels what has not ended within a minute. */
  hurry(): void;
  /** Cancels what has not ended, at once. */
  cancel(): void;
  /** Stops the timer of `hurry`, once no work is under way. */
  end(): void;
}

export function createInterruptible(source: Pick<SourceState, 'after' | 'scope'>): Interruptible {
  const scope = source.scope();
  let isCancelled = false;
  let stop: (() => void) | undefined;
  const cancel = (): void => {
    isCancelled = true;
    scope.cancel();
  };
  return {
    async run(work) {
      try {
        return await scope.run(work);
      } catch (error) {
        if (isCancelled && isCancellation(error)) return undefined;
        throw error;
      }
    },
    hurry: () => void (stop ??= source.after(DRAIN_MS, cancel)),
    cancel,
    end: () => stop?.(),
  };
}
