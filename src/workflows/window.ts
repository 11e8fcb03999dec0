import type { Window } from '../sinks/sink';

const wholeSecond = (ms: number): number => Math.floor(ms / 1000) * 1000;
const iso = (ms: number): string => new Date(ms).toISOString();

export interface WindowFacts {
  epoch: number;
  syncedThrough: string | null;
  backfillStart: string | null;
  /** The workflow's clock, ms. */
  now: number;
  /** The API server's clock; null where it names none. */
  serverTime: string | null;
  settleSeconds: number;
}

/**
 * The window of the next sync: from the timestamp (or the backfill's start) to the earlier of both clocks less the
 * settle time, on whole seconds. Without a timestamp and a backfill start it is empty and begins and ends at now.
 * Null when there is nothing to do yet.
 */
export function openWindow(facts: WindowFacts): Window | null {
  const clock = facts.serverTime === null ? facts.now : Math.min(facts.now, Date.parse(facts.serverTime));
  const to = wholeSecond(clock - facts.settleSeconds * 1000);
  const start = facts.syncedThrough ?? facts.backfillStart;
  const from = start === null ? to : wholeSecond(Date.parse(start));
  if (start !== null && to <= from) return null;
  return { epoch: facts.epoch, from: iso(from), to: iso(to) };
}

/** Milliseconds by which the API server's clock is ahead of ours. */
export const clockSkew = (now: number, serverTime: string | null): number =>
  serverTime === null ? 0 : Date.parse(serverTime) - now;

export type LedgerVerdict = 'follows' | 'committed' | 'behind' | 'hole';

/**
 * What the sink's last completed window says of the one about to be read.
 * `committed`: it is this very window. `behind`: it begins before the ledger's end, or there in an older epoch. `hole`:
 * it begins after the ledger's end.
 */
export function compareWithLedger(window: Window, last: Window | null): LedgerVerdict {
  if (last === null || last.epoch < window.epoch) return 'follows';
  const gap = Date.parse(window.from) - Date.parse(last.to);
  if (last.epoch === window.epoch) {
    if (last.from === window.from && last.to === window.to) return 'committed';
    if (gap === 0) return 'follows';
  }
  return gap > 0 ? 'hole' : 'behind';
}
