import type { LedgerLine } from '../src/archive/read/ledger';

/** The latest end of a completed window, ms since 1970; -Infinity without one. */
export const reachOf = (lines: readonly LedgerLine[]): number =>
  Math.max(-Infinity, ...lines.filter((line) => line.outcome === 'completed').map((line) => Date.parse(line.to)));
