import { setTimeout as sleep } from 'node:timers/promises';
import { type Blow, seconds } from './blow';

/** Of requests, while it lasts. */
const SHARE = 0.1;

export const faults: readonly Blow[] = [
  {
    name: 'faults',
    kind: 'faults',
    async strike({ stage: { tenant }, random }) {
      await tenant.set({ faults: SHARE });
      await sleep(seconds(random, 15, 40));
      await tenant.set({ faults: 0 });
    },
  },
];
