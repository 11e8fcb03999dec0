import { setTimeout as sleep } from 'node:timers/promises';
import { midSync } from '../progress';
import { type Blow, seconds } from './blow';

const HOUR_MS = 3_600_000;

/** The machine of the workers gets the wrong time, and then the right one: two jumps. */
function jump(name: string, ms: number): Blow {
  return {
    name,
    kind: 'deaths',
    async strike({ stage, random }) {
      if (random.chance(0.7)) await midSync(stage);
      await stage.workersClock.beWrongBy(ms);
      await sleep(seconds(random, 4, 15));
      await stage.workersClock.beWrongBy(0);
    },
  };
}

export const clocks: readonly Blow[] = [jump('workers-clock-ahead', HOUR_MS), jump('workers-clock-behind', -HOUR_MS)];
