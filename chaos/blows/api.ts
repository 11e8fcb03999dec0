import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../simulator/random';
import { FAIR, type Conditions } from '../tenant';
import { type Blow, seconds } from './blow';

const HOUR_MS = 3_600_000;

/** The API in a bad condition for a while. */
function badCondition(name: string, stops: boolean, condition: (random: Random) => Partial<Conditions>): Blow {
  return {
    name,
    kind: 'api',
    ...(stops ? { stops } : {}),
    async strike({ stage: { tenant }, random }) {
      await tenant.set(condition(random));
      await sleep(seconds(random, 4, 15));
      const { faults: _, ...fair } = FAIR;
      await tenant.set(fair);
    },
  };
}

export const api: readonly Blow[] = [
  badCondition('api-refuses-connections', true, () => ({ listening: false })),
  badCondition('key-revoked', true, () => ({ key: 'revoked' })),
  badCondition('scope-lost', false, () => ({ key: 'without-organizations' })),
  badCondition('budget-eaten', true, () => ({ budgetEaten: true })),
  badCondition('clock-ahead', false, () => ({ clockAheadMs: HOUR_MS })),
  badCondition('clock-behind', true, () => ({ clockAheadMs: -HOUR_MS })),
];
