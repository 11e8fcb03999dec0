import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../simulator/random';
import { HEALTHY, type Conditions } from '../tenant';
import { type Fault, type LastingFault, seconds } from './fault';

const HOUR_MS = 3_600_000;

const SHORT = { kind: 'api', ms: (random: Random) => seconds(random, 4, 15) } as const;

/** Sets a condition of the API, and restores it after `ms`. */
export function badCondition(name: string, condition: Partial<Conditions>, { kind, outage, ms }: LastingFault): Fault {
  return {
    name,
    kind,
    ...(outage ? { outage } : {}),
    async inject({ environment: { tenant }, random }) {
      await tenant.set(condition);
      await sleep(ms(random));
      await tenant.set(healthy(condition));
    },
  };
}

/** The healthy values of these conditions only: another nemesis may have changed the rest. */
const healthy = (condition: Partial<Conditions>): Partial<Conditions> =>
  Object.fromEntries(Object.entries(HEALTHY).filter(([name]) => name in condition));

export const api: readonly Fault[] = [
  badCondition('api-refuses-connections', { listening: false }, { ...SHORT, outage: true }),
  badCondition('key-revoked', { key: 'revoked' }, { ...SHORT, outage: true }),
  // The listing per user starts with the organizations, so it needs this scope.
  badCondition('scope-lost', { key: 'without-organizations' }, { ...SHORT, outage: true }),
  badCondition('budget-eaten', { budgetEaten: true }, { ...SHORT, outage: true }),
  badCondition('clock-ahead', { clockAheadMs: HOUR_MS }, { ...SHORT, outage: false }),
  badCondition('clock-behind', { clockAheadMs: -HOUR_MS }, { ...SHORT, outage: true }),
];
