import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../simulator/random';
import { FAIR, type Conditions } from '../tenant';
import { type Blow, type Lasting, seconds } from './blow';

const HOUR_MS = 3_600_000;

const SHORT = { kind: 'api', ms: (random: Random) => seconds(random, 4, 15) } as const;

/** The API in a bad condition for a while. */
export function badCondition(name: string, condition: Partial<Conditions>, { kind, stops, ms }: Lasting): Blow {
  return {
    name,
    kind,
    ...(stops ? { stops } : {}),
    async strike({ stage: { tenant }, random }) {
      await tenant.set(condition);
      await sleep(ms(random));
      await tenant.set(undoing(condition));
    },
  };
}

/** What else is bad, another lane has done. */
const undoing = (condition: Partial<Conditions>): Partial<Conditions> =>
  Object.fromEntries(Object.entries(FAIR).filter(([name]) => name in condition));

export const api: readonly Blow[] = [
  badCondition('api-refuses-connections', { listening: false }, { ...SHORT, stops: true }),
  badCondition('key-revoked', { key: 'revoked' }, { ...SHORT, stops: true }),
  // Per user nothing goes on without it.
  badCondition('scope-lost', { key: 'without-organizations' }, { ...SHORT, stops: true }),
  badCondition('budget-eaten', { budgetEaten: true }, { ...SHORT, stops: true }),
  badCondition('clock-ahead', { clockAheadMs: HOUR_MS }, { ...SHORT, stops: false }),
  badCondition('clock-behind', { clockAheadMs: -HOUR_MS }, { ...SHORT, stops: true }),
];
