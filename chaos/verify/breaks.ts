import type { LedgerLine } from '../../src/archive/read/ledger';

export interface ExpectedWindows {
  readonly backfillStart: string;
  /** The times to which an operator rewound the source; only a rewind begins an epoch. */
  readonly rewinds: ReadonlySet<string>;
  /** The source's timestamp at the end of the run. */
  readonly timestamp: string | null;
}

/**
 * Checks that the windows of an epoch adjoin, that each new epoch begins with a line marked `rewound` at a known
 * rewind, and that there is no gap. @returns the breaks, in words.
 */
export function breaksOf(
  lines: readonly LedgerLine[],
  { backfillStart, rewinds, timestamp }: ExpectedWindows,
): string[] {
  const breaks: string[] = [];
  let last: LedgerLine | undefined;
  let reach = Date.parse(backfillStart);
  let epoch = 0;
  for (const line of lines) {
    if (line.epoch > epoch !== (line.rewound ?? false)) breaks.push(`${line.to}: the mark rewound is wrong`);
    if (line.epoch < epoch) breaks.push(`${line.to}: an epoch of the past`);
    epoch = line.epoch;
    if (line.outcome === 'abandoned') continue;
    if (last && last.epoch !== line.epoch && !rewinds.has(line.from)) breaks.push(`nobody rewound to ${line.from}`);
    const from = Date.parse(line.from);
    if (last?.epoch === line.epoch && last.to !== line.from) breaks.push(`${last.to} is followed by ${line.from}`);
    if (!last && from !== reach) breaks.push(`the first window begins at ${line.from}`);
    if (from > reach) breaks.push(`a gap before ${line.from}`);
    reach = Math.max(reach, Date.parse(line.to));
    last = line;
  }
  if (last?.to !== timestamp)
    breaks.push(`the last window ends at ${last?.to ?? '-'}, the timestamp is ${timestamp ?? '-'}`);
  return breaks;
}
