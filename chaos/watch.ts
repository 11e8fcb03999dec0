import { setTimeout as sleep } from 'node:timers/promises';
import { collect } from '../harness/collect';
import { readLedger } from '../src/archive/read/ledger';
import { windowFolder } from '../src/archive/folder/layout';
import { memoOf } from './progress';
import { reachOf } from './reach';
import { samplesOf } from './scrape';
import type { Environment } from './environment';
import { titlesOf } from './titles';

const CHECK_EVERY_MS = 500;

/** Checks the invariants of timestamp and ledger twice a second. */
export interface Watch {
  /** Violations of invariants, in words. */
  readonly violations: readonly string[];
  /** The number of checks. */
  readonly checks: number;
  /** Command lines of all processes so far. */
  readonly titles: ReadonlySet<string>;
  /** Metrics of the workers with their labels. */
  readonly samples: ReadonlySet<string>;
  /** Adds a violation that another check found. */
  readonly addViolation: (what: string) => void;
  /** When each window was first seen in the ledger, ms since 1970, by `windowFolder`. */
  readonly closed: ReadonlyMap<string, number>;
  /** The times to which an operator rewound the source, RFC 3339. */
  readonly rewinds: Set<string>;
  /** Allows the timestamp to go back until the returned function is called. */
  timestampMayGoBack(): () => void;
  stop(): Promise<void>;
}

/** Starts the checks; each also collects command lines and one worker's metrics. */
export function startWatch(environment: Environment): Watch {
  const violations: string[] = [];
  const titles = new Set<string>();
  const samples = new Set<string>();
  const closed = new Map<string, number>();
  let checks = 0;
  let movers = 0;
  /** The timestamp at the last check during which nobody moved it. */
  let timestamp: string | null = null;
  let stopping = false;

  async function check(): Promise<void> {
    const moversBefore = movers;
    const memo = await memoOf(environment);
    const now = memo?.syncedThrough ?? null;
    // The archive writes the ledger's line before the timestamp moves, so the ledger is read after the timestamp.
    const lines = await collect(readLedger(environment.archiveFolder));
    for (const window of lines.map(windowFolder)) if (!closed.has(window)) closed.set(window, Date.now());
    const reach = reachOf(lines);
    if (now !== null && Date.parse(now) > reach) {
      violations.push(`the timestamp ${now} is ahead of the ledger, which reaches to ${new Date(reach).toISOString()}`);
    }
    if (moversBefore === 0 && movers === 0 && timestamp !== null) {
      if (now === null) violations.push(`the timestamp ${timestamp} is lost`);
      else if (now < timestamp) violations.push(`the timestamp went back from ${timestamp} to ${now}`);
    }
    timestamp = movers === 0 ? now : null;
    for (const title of titlesOf(environment)) titles.add(title);
    const { metricsAddresses } = environment;
    const address = metricsAddresses[checks % metricsAddresses.length] ?? '';
    for (const sample of await samplesOf(address)) samples.add(sample);
    checks += 1;
  }

  async function loop(): Promise<void> {
    while (!stopping) {
      await check();
      await sleep(CHECK_EVERY_MS);
    }
  }
  const ended = loop();
  ended.catch(() => undefined);
  return {
    violations,
    titles,
    samples,
    closed,
    rewinds: new Set(),
    get checks() {
      return checks;
    },
    addViolation: (what) => void violations.push(what),
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
