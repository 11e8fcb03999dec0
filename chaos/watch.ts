import { setTimeout as sleep } from 'node:timers/promises';
import { collect } from '../harness/collect';
import { readLedger } from '../src/archive/ledger';
import { windowFolder } from '../src/sinks/file/layout';
import { memoOf } from './progress';
import { reachOf } from './reach';
import { samplesOf } from './scrape';
import type { Stage } from './stage';
import { titlesOf } from './titles';

const LOOK_EVERY_MS = 500;

/** Looks all the time at what must hold at every moment. */
export interface Watch {
  /** What was wrong, in words. */
  readonly wrongs: readonly string[];
  readonly looks: number;
  /** Of all processes so far. */
  readonly titles: ReadonlySet<string>;
  /** Metrics that workers showed, with their labels. */
  readonly samples: ReadonlySet<string>;
  readonly wrong: (what: string) => void;
  /** When each window was first seen closed, ms since 1970, by `windowFolder`. */
  readonly closed: ReadonlyMap<string, number>;
  /** To where an operator rewound the source. */
  readonly rewinds: Set<string>;
  /** Until the second call, the timestamp may go back: an operator moves it. */
  timestampMayGoBack(): () => void;
  stop(): Promise<void>;
}

export function startWatch(stage: Stage): Watch {
  const wrongs: string[] = [];
  const titles = new Set<string>();
  const samples = new Set<string>();
  const closed = new Map<string, number>();
  let looks = 0;
  let movers = 0;
  /** Of the last look at which nobody moved it. */
  let timestamp: string | null = null;
  let stopping = false;

  async function look(): Promise<void> {
    const moversBefore = movers;
    const memo = await memoOf(stage);
    const now = memo?.syncedThrough ?? null;
    // The ledger's line is there before the timestamp moves, so it is read after it.
    const lines = await collect(readLedger(stage.sinkFolder));
    for (const window of lines.map(windowFolder)) if (!closed.has(window)) closed.set(window, Date.now());
    const reach = reachOf(lines);
    if (now !== null && Date.parse(now) > reach) {
      wrongs.push(`the timestamp ${now} is ahead of the ledger, which reaches to ${new Date(reach).toISOString()}`);
    }
    if (moversBefore === 0 && movers === 0 && timestamp !== null) {
      if (now === null) wrongs.push(`the timestamp ${timestamp} is lost`);
      else if (now < timestamp) wrongs.push(`the timestamp went back from ${timestamp} to ${now}`);
    }
    timestamp = movers === 0 ? now : null;
    for (const title of titlesOf(stage)) titles.add(title);
    const { metricsAddresses } = stage;
    const address = metricsAddresses[looks % metricsAddresses.length] ?? '';
    for (const sample of await samplesOf(address)) samples.add(sample);
    looks += 1;
  }

  async function loop(): Promise<void> {
    while (!stopping) {
      await look();
      await sleep(LOOK_EVERY_MS);
    }
  }
  const ended = loop();
  ended.catch(() => undefined);
  return {
    wrongs,
    titles,
    samples,
    closed,
    rewinds: new Set(),
    get looks() {
      return looks;
    },
    wrong: (what) => void wrongs.push(what),
    timestampMayGoBack() {
      movers += 1;
      return () => (movers -= 1);
    },
    stop() {
      stopping = true;
      return ended;
    },
  };
}
