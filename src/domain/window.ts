/** The half-open span `[from, to)` of message creation times that one sync covers; ISO 8601, UTC, whole seconds. */
export interface Window {
  /** Raised by each `rewind`: windows of one epoch follow each other without a gap or an overlap. */
  epoch: number;
  from: string;
  to: string;
  /** The id of the archive that the window is written to, and to no other. Absent for an archive without archives. */
  archive?: string | undefined;
}

/** A half-open span of message creation time. */
export type Span = Pick<Window, 'from' | 'to'>;

/** Whether a time, ms, is in a span. */
export const isWithin = (ms: number, { from, to }: Span): boolean => ms >= Date.parse(from) && ms < Date.parse(to);

const wholeSecond = (ms: number): number => Math.floor(ms / 1000) * 1000;
const iso = (ms: number): string => new Date(ms).toISOString();

export interface WindowFacts {
  epoch: number;
  syncedThrough: string | null;
  backfillStart: string | null;
  /** The workflow's clock, ms. */
  now: number;
  /** The API server's clock; null if no answer had a `Date` header. */
  serverTime: string | null;
  settleSeconds: number;
}

/**
 * The window of the next sync: from the timestamp (or the backfill's start) to the earlier of both clocks less the
 * settle time, cut to whole seconds. With neither start it is empty, from now to now. Null if no whole second has
 * passed.
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

/** Whether two windows have the same epoch and span, whatever their archive. */
export const isSame = (a: Window, b: Window | undefined): boolean =>
  a.epoch === b?.epoch && a.from === b.from && a.to === b.to;

/**
 * Whether a window directly follows the archive's last completed one, or is that very window. Otherwise `behind`: it
 * begins before the ledger's end, or at that end with an older epoch; `hole`: it begins after the ledger's end.
 */
export function followsLedger(window: Window, last: Window | null): true | 'behind' | 'hole' {
  if (last === null || last.epoch < window.epoch || isSame(window, last)) return true;
  const gap = Date.parse(window.from) - Date.parse(last.to);
  if (gap === 0 && last.epoch === window.epoch) return true;
  return gap > 0 ? 'hole' : 'behind';
}
