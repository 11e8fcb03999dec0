import { badCondition } from './api';
import type { Fault } from './fault';
import { everything, oneWorker, suspend } from './deaths';

const MINUTE_MS = 60_000;
const three = { kind: 'long', ms: () => 3 * MINUTE_MS } as const;
const ten = { kind: 'long', ms: () => 10 * MINUTE_MS } as const;

/** Faults that take minutes. */
export const long: readonly Fault[] = [
  suspend('stop-worker-3-minutes', oneWorker, { ...three, outage: false }),
  suspend('stop-everything-3-minutes', everything, { ...three, outage: true }),
  badCondition('budget-eaten-10-minutes', { budgetEaten: true }, { ...ten, outage: true }),
];
