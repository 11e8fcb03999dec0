import { Semaphore } from 'async-mutex';
import { keepHeapSmall } from './heap';
import { within } from './with-timeout';

const KIBIBYTE = 1024;
/** How many bodies that have grown beyond so many bytes are in memory at a time; smaller ones are read freely. */
const steps = [
  { beyond: 256 * KIBIBYTE, places: 4 },
  { beyond: 1024 * KIBIBYTE, places: 1 },
];

/** The memory of a process, as far as answers go: the larger they are, the fewer it has room for. */
export interface MemoryBudget {
  enter(): Stay;
}

/** What one body has of the room. */
export interface Stay {
  /** It may grow so far without asking again, in bytes. */
  readonly limit: number;
  /**
   * Waits until it may grow further.
   * @throws {@link TimeOver} when that took longer than `maxWaitMs`; the signal's reason when it is aborted.
   */
  grow(maxWaitMs: number, signal?: AbortSignal): Promise<void>;
  /** Gives back what it had. */
  leave(): void;
}

/** One for each process: its client holds it. */
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
          // async-mutex cannot take one waiter out of its queue: for one who gave up, the place is handed on when it comes.
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
