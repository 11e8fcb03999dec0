import { isCancellation } from '@temporalio/workflow';
import type { SourceState } from './source-state';

/** When the walk ends here, what is under way has so long to end. */
const DRAIN_MS = 60_000;

/** What may be called off, since it will be done again: by the next run, or by the next sync. */
export interface Interruptible {
  /** @returns undefined if it was called off. @throws As `work` does. */
  run<T>(work: () => Promise<T>): Promise<T | undefined>;
  /** Calls off what has not ended in a minute. */
  hurry(): void;
  /** Calls off whatever has not ended. */
  cancel(): void;
  /** Nothing is under way any more. */
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
