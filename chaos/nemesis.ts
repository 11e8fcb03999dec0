import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../simulator/random';
import type { Fault, FaultContext } from './faults/fault';
import { hasMovedOn, markOf, memoOf } from './progress';

const LONGEST_PAUSE_MS = 4000;
const LOOK_EVERY_MS = 250;
/** Without progress for this long the run fails. */
const PATIENCE_MS = 300_000;

/** How often a fault was injected, and how long recovery took. */
export interface Tally {
  readonly name: string;
  times: number;
  /** The longest time from the end of a fault to the next progress, ms. */
  longestMs: number;
}

export interface NemesisOptions {
  readonly faults: readonly Fault[];
  /** Not shared between nemeses: each has its own sequence. */
  readonly random: Random;
  /** Whether to inject another fault. @param injected The number of faults that this nemesis has injected. */
  readonly more: (injected: number) => boolean;
  readonly say: (line: string) => void;
}

/** Tracks the outages of all nemeses. */
export class Outages {
  private lasting = 0;
  private lastEnd = 0;
  async during(inject: () => Promise<void>): Promise<void> {
    this.lasting += 1;
    try {
      await inject();
    } finally {
      this.lasting -= 1;
      this.lastEnd = Date.now();
    }
  }
  /** The end of the last outage, ms since 1970; now during an outage. */
  get end(): number {
    return this.lasting > 0 ? Date.now() : this.lastEnd;
  }
}

/**
 * Injects one fault after another and waits for progress after each. The order is random, in rounds that hold each
 * fault once. @throws Error if there is no progress for five minutes
 */
export async function runNemesis(
  context: Omit<FaultContext, 'random'>,
  outages: Outages,
  options: NemesisOptions,
): Promise<Tally[]> {
  const { faults, random, more, say } = options;
  const tallies = new Map(faults.map(({ name }): [string, Tally] => [name, { name, times: 0, longestMs: 0 }]));
  let bag: Fault[] = [];
  for (let injected = 0; faults.length > 0 && more(injected); injected++) {
    if (bag.length === 0) bag = shuffled(faults, random);
    const fault = bag.pop();
    if (!fault) break;
    await sleep(random.int(0, LONGEST_PAUSE_MS));
    say(`${fault.name} ...`);
    const inject = (): Promise<void> => fault.inject({ ...context, random });
    await (fault.outage ? outages.during(inject) : inject());
    const ms = await untilProgress(context, outages);
    const tally = tallies.get(fault.name);
    if (tally) Object.assign(tally, { times: tally.times + 1, longestMs: Math.max(tally.longestMs, ms) });
    say(`${fault.name}: progress after ${(ms / 1000).toFixed(1)} s`);
  }
  return [...tallies.values()];
}

async function untilProgress({ environment }: Omit<FaultContext, 'random'>, outages: Outages): Promise<number> {
  const end = Date.now();
  const before = markOf(await memoOf(environment));
  for (;;) {
    const waited = Date.now() - Math.max(end, outages.end);
    if (hasMovedOn(before, markOf(await memoOf(environment)))) return Math.max(0, waited);
    if (waited > PATIENCE_MS) throw new Error(`no progress for ${PATIENCE_MS / 1000} s`);
    await sleep(LOOK_EVERY_MS);
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
