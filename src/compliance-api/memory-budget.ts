import { Semaphore } from 'async-mutex';
import { keepHeapSmall } from './heap';
import { within } from '../http/with-timeout';

const KIBIBYTE = 1024;
/** How many bodies larger than so many bytes may be in memory at a time; smaller ones are not limited. */
const steps = [
  { beyond: 128 * KIBIBYTE, places: 4 },
  { beyond: 1024 * KIBIBYTE, places: 1 },
];

/** The memory of a process for answers: the larger they are, the fewer it holds at a time. */
export interface MemoryBudget {
  enter(): Stay;
}

/** One body's share of the memory. */
export interface Stay {
  /** The size up to which the body may grow without waiting, bytes. */
  readonly limit: number;
  /**
   * Waits until the body may grow further.
   * @throws {@link TimeOver} after `maxWaitMs`; the signal's reason when it is aborted.
   */
  grow(maxWaitMs: number, signal?: AbortSignal): Promise<void>;
  /** Gives the share back. */
  leave(): void;
}

/** To be created once per process, by its API client. */
export function createMemoryBudget(): MemoryBudget {
  const semaphores = steps.map(({ places }) => new Semaphore(places));
  return {
    enter() {
      let taken = 0;
      let release = (): void => {};
      return {
        get limit() {
          return steps[taken]?.beyond ?? Infinity;
        },
        async grow(maxWaitMs, signal) {
          const semaphore = semaphores[taken];
          if (semaphore === undefined) return;
          // async-mutex cannot remove a single waiter: the place of one that gave up is released when it comes.
          const [, next] = await within(semaphore.acquire(), maxWaitMs, signal, ([, late]) => late());
          release();
          release = next;
          taken += 1;
          if (taken === steps.length) keepHeapSmall();
        },
        leave: () => release(),
      };
    },
  };
}
