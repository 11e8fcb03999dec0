import { Mutex } from 'async-mutex';
import { within } from './deadline';

/** The memory of a process, as far as large answers go: it has room for one at a time. */
export interface Room {
  /**
   * Waits until no other large answer is in memory; the returned function gives the room back.
   * @throws {@link TimeOver} when that took longer than `maxWaitMs`; the signal's reason when it is aborted.
   */
  take(maxWaitMs: number, signal?: AbortSignal): Promise<() => void>;
}

/** One for each process: its client holds it. */
export function createRoom(): Room {
  const mutex = new Mutex();
  return {
    // async-mutex cannot take one waiter out of its queue: for one who gave up, the lock is handed on when it comes.
    take: (maxWaitMs, signal) => within(mutex.acquire(), maxWaitMs, signal, (release) => release()),
  };
}
