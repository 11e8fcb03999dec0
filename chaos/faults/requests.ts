import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, seconds } from './fault';

/** The share of requests that fail during the fault. */
const RATE = 0.1;
/** Requests during the fault at least, so that some of them fail. */
const LEAST = 100;
const LONGEST_MS = 180_000;

export const requests: readonly Fault[] = [
  {
    name: 'failing-requests',
    kind: 'requests',
    async inject({ environment: { tenant }, random }) {
      await tenant.set({ faultRate: RATE });
      const [begun, before] = [Date.now(), await tenant.answered()];
      await sleep(seconds(random, 15, 40));
      // During an outage there are no requests to fail: wait for its end.
      while ((await tenant.answered()) < before + LEAST && Date.now() < begun + LONGEST_MS) await sleep(500);
      await tenant.set({ faultRate: 0 });
    },
  },
];
