import { setTimeout as sleep } from 'node:timers/promises';
import { type Blow, seconds } from './blow';

/** Of requests, while it lasts. */
const SHARE = 0.1;
/** Of requests that could fail: some of them did. */
const LEAST = 100;
const LONGEST_MS = 180_000;

export const faults: readonly Blow[] = [
  {
    name: 'faults',
    kind: 'faults',
    async strike({ stage: { tenant }, random }) {
      await tenant.set({ faults: SHARE });
      const [begun, before] = [Date.now(), await tenant.answered()];
      await sleep(seconds(random, 15, 40));
      // Where nothing goes on it has nothing to fall on.
      while ((await tenant.answered()) < before + LEAST && Date.now() < begun + LONGEST_MS) await sleep(500);
      await tenant.set({ faults: 0 });
    },
  },
];
