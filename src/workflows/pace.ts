import type { State } from '../domain/state';

/** Chats a second; null while that cannot be told. @param unpublishedChats Read, and not in the state's counters yet. */
type Pace = (state: Pick<State, 'running' | 'unfinished'>, unpublishedChats: number) => number | null;

const SPAN_MS = 60_000;
const MARK_EVERY_MS = 1000;

/** The pace of the last minute in which it was asked: what a sync once waited for is not in it. @param now ms since 1970 */
export function createPace(now: () => number): Pace {
  let marks: { at: number; chats: number }[] = [];
  return ({ running, unfinished }, unpublishedChats) => {
    if (!running) return null;
    const at = now();
    const chats = (unfinished?.counters.chats ?? 0) + unpublishedChats;
    marks = marks.filter((mark) => at - mark.at <= SPAN_MS);
    if (at - (marks.at(-1)?.at ?? 0) >= MARK_EVERY_MS) marks.push({ at, chats });
    const [first = { at, chats }] = marks;
    const ms = at - first.at;
    return ms > MARK_EVERY_MS && chats > first.chats ? ((chats - first.chats) * 1000) / ms : null;
  };
}
