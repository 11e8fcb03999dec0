import type { ActivitySlotInfo, CustomSlotSupplier } from '@temporalio/worker';
import { mostUnderWay } from '../contract';
import type { Policy } from '../config/policy';

/** How many requests wait for their turn, over all workers, so that none is missed: those of a second, and these. */
const WAITING = 8;
const MOST_WAITING = 64;
/** A waiting request must get its turn well before the pacer gives up on it (30 s). */
const LONGEST_WAIT_SECONDS = 25;

export interface ApiSlots {
  /** Tells the worker of the API's queue when it may take one more activity. */
  readonly supplier: CustomSlotSupplier<ActivitySlotInfo>;
  /** To be called when a request is sent; the returned function, when its answer is there or will not come. */
  sent(): () => void;
}

/**
 * Limits how many activities of the API's queue run at once. Activities whose request is with the API only wait, and
 * are not counted: however slow the answers are, enough others wait for a turn to keep the pacer busy, and the rest
 * stay in the queue, for all workers. Those that wait for a turn or process an answer are bounded.
 */
export function createApiSlots({
  requestsPerSecond,
  workers,
}: Pick<Policy, 'requestsPerSecond' | 'workers'>): ApiSlots {
  const rate = requestsPerSecond / workers;
  const patient = Math.max(1, Math.floor(rate * LONGEST_WAIT_SECONDS));
  const mostHere = Math.min(MOST_WAITING, patient, Math.ceil((requestsPerSecond + WAITING) / workers));
  const mostAway = mostUnderWay(rate);
  const askers: (() => void)[] = [];
  let taken = 0;
  let away = 0;

  const isFree = (): boolean => taken - Math.min(away, mostAway) < mostHere;

  function handOut(): void {
    while (isFree()) {
      const next = askers.shift();
      if (!next) return;
      taken += 1;
      next();
    }
  }

  return {
    supplier: {
      type: 'custom',
      reserveSlot: (_context, signal) =>
        new Promise((resolve, reject) => {
          const giveUp = (): void => {
            askers.splice(askers.indexOf(asker), 1);
            reject(signal.reason);
          };
          const asker = (): void => {
            signal.removeEventListener('abort', giveUp);
            resolve({});
          };
          signal.addEventListener('abort', giveUp, { once: true });
          askers.push(asker);
          handOut();
        }),
      // Only called for eager activities, which are on their workflow's own queue.
      tryReserveSlot: () => null,
      markSlotUsed: () => undefined,
      releaseSlot() {
        taken -= 1;
        handOut();
      },
    },
    sent() {
      away += 1;
      handOut();
      let isAway = true;
      return () => {
        if (isAway) away -= 1;
        isAway = false;
      };
    },
  };
}
