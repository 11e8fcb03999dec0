import { badCondition } from './api';
import type { Blow } from './blow';
import { everything, oneWorker, suspend } from './deaths';

const MINUTE_MS = 60_000;
const three = { kind: 'long', ms: () => 3 * MINUTE_MS } as const;
const ten = { kind: 'long', ms: () => 10 * MINUTE_MS } as const;

/** What takes minutes, and is struck only where it is asked for. */
export const long: readonly Blow[] = [
  suspend('stop-worker-3-minutes', oneWorker, { ...three, stops: false }),
  suspend('stop-everything-3-minutes', everything, { ...three, stops: true }),
  badCondition('budget-eaten-10-minutes', { budgetEaten: true }, { ...ten, stops: true }),
];
