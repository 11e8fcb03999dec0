import { setTimeout as sleep } from 'node:timers/promises';
import { midSync } from '../progress';
import { type Fault, seconds } from './fault';

const HOUR_MS = 3_600_000;

/** Skews the workers' clock by `ms`, and corrects it: two jumps. */
function jump(name: string, ms: number): Fault {
  return {
    name,
    kind: 'deaths',
    async inject({ environment, random }) {
      if (random.chance(0.7)) await midSync(environment);
      await environment.workersClock.skewBy(ms);
      await sleep(seconds(random, 4, 15));
      await environment.workersClock.skewBy(0);
    },
  };
}

export const clocks: readonly Fault[] = [jump('workers-clock-ahead', HOUR_MS), jump('workers-clock-behind', -HOUR_MS)];
