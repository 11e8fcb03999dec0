import type { Policy } from '../config/policy';
import type { State } from './state';
import type { Window } from './window';

const earlier = (a: string, b: string): string => (Date.parse(a) <= Date.parse(b) ? a : b);

/** The source's earliest covered time, once this window is committed. */
export const sinceWith = ({ since }: State, window: Window): string => earlier(since ?? window.from, window.from);

/** Whether a window's start is `time`, cut to the whole second as `openWindow` does. */
const isAt = (from: string, time: string): boolean => Date.parse(from) === Math.floor(Date.parse(time) / 1000) * 1000;

/** Whether `BACKFILL_START` has changed while the first window is still uncommitted. */
export const isMoved = ({ backfillStart }: Policy, { syncedThrough, unfinished }: State): boolean =>
  syncedThrough === null &&
  unfinished !== undefined &&
  backfillStart !== null &&
  !isAt(unfinished.window.from, backfillStart);

/** Warnings about a `BACKFILL_START` that has no effect, or none yet. */
export function backfillWarnings({ backfillStart }: Policy, { syncedThrough, since, unfinished }: State): string[] {
  if (syncedThrough !== null) {
    const began = earlier(since ?? syncedThrough, syncedThrough);
    if (backfillStart === null || Date.parse(backfillStart) >= Date.parse(began)) return [];
    return [
      `BACKFILL_START is ignored: the source began at ${began}; \`chat-sync rewind --to ${backfillStart}\` brings earlier messages, and what came since then once more`,
    ];
  }
  const { from, to } = unfinished?.window ?? {};
  if (from === undefined || from === to || (backfillStart !== null && isAt(from, backfillStart))) return [];
  const now = backfillStart === null ? 'is not set any more' : `is ${backfillStart} now`;
  const wayOut =
    backfillStart === null
      ? ''
      : `; \`chat-sync rewind --to ${backfillStart}\` gives it up, and what it has sent since then comes once more`;
  return [`BACKFILL_START ${now}, but the first window began at ${from} and is finished first${wayOut}`];
}
