import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../simulator/random';
import type { Blow, Scene } from './blows/blow';
import { hasMovedOn, markOf, memoOf } from './progress';

const LONGEST_PAUSE_MS = 4000;
const LOOK_EVERY_MS = 250;
/** Work that has not gone on after this long never will. */
const PATIENCE_MS = 300_000;

/** What one kind of blow did. */
export interface Tally {
  readonly name: string;
  times: number;
  /** From its end until work went on, the longest, ms. */
  longestMs: number;
}

export interface LaneOptions {
  readonly blows: readonly Blow[];
  /** Of its own, so that what one lane does decides nothing in another. */
  readonly random: Random;
  /** Whether another blow may begin. @param struck How many this lane has struck. */
  readonly more: (struck: number) => boolean;
  readonly say: (line: string) => void;
}

/** Blows that stop all work, and last. Shared by the lanes. */
export class Stops {
  private lasting = 0;
  private lastEnd = 0;
  async during(work: () => Promise<void>): Promise<void> {
    this.lasting += 1;
    try {
      await work();
    } finally {
      this.lasting -= 1;
      this.lastEnd = Date.now();
    }
  }
  /** Since when nothing holds the work up, ms since 1970. */
  get over(): number {
    return this.lasting > 0 ? Date.now() : this.lastEnd;
  }
}

/** One blow after another, in a random order in which all come equally often, each followed by work that goes on. */
export async function strikeAll(scene: Omit<Scene, 'random'>, stops: Stops, options: LaneOptions): Promise<Tally[]> {
  const { blows, random, more, say } = options;
  const tallies = new Map(blows.map(({ name }): [string, Tally] => [name, { name, times: 0, longestMs: 0 }]));
  let bag: Blow[] = [];
  for (let struck = 0; blows.length > 0 && more(struck); struck++) {
    if (bag.length === 0) bag = shuffled(blows, random);
    const blow = bag.pop();
    if (!blow) break;
    await sleep(random.int(0, LONGEST_PAUSE_MS));
    say(`${blow.name} ...`);
    const strike = (): Promise<void> => blow.strike({ ...scene, random });
    await (blow.stops ? stops.during(strike) : strike());
    const ms = await untilWorkGoesOn(scene, stops);
    const tally = tallies.get(blow.name);
    if (tally) Object.assign(tally, { times: tally.times + 1, longestMs: Math.max(tally.longestMs, ms) });
    say(`${blow.name}: work went on after ${(ms / 1000).toFixed(1)} s`);
  }
  return [...tallies.values()];
}

async function untilWorkGoesOn({ stage }: Omit<Scene, 'random'>, stops: Stops): Promise<number> {
  const over = Date.now();
  const before = markOf(await memoOf(stage));
  for (;;) {
    const waited = Date.now() - Math.max(over, stops.over);
    if (hasMovedOn(before, markOf(await memoOf(stage)))) return Math.max(0, waited);
    if (waited > PATIENCE_MS) throw new Error(`no work for ${PATIENCE_MS / 1000} s`);
    await sleep(LOOK_EVERY_MS);
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
