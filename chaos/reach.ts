import type { LedgerLine } from '../src/archive/ledger';

/** The time up to which some completed window reaches, ms. */
export const reachOf = (lines: readonly LedgerLine[]): number =>
  Math.max(-Infinity, ...lines.filter((line) => line.outcome === 'completed').map((line) => Date.parse(line.to)));
