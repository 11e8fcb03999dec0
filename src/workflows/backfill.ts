import type { ApiActivities, SyncActivities } from '../activities/types';
import type { Window } from '../sinks/sink';
import type { Policy, State, Unfinished } from '../state';

/** The earlier of two times. */
const earlier = (a: string, b: string): string => (Date.parse(a) <= Date.parse(b) ? a : b);

/** Where the source really begins, once this window is completed. */
export const sinceWith = ({ since }: State, window: Window): string => earlier(since ?? window.from, window.from);

/** Windows begin on a whole second. */
const isAt = (from: string, time: string): boolean => Date.parse(from) === Math.floor(Date.parse(time) / 1000) * 1000;

/** Another `BACKFILL_START` than the first window began with, which is not completed. */
export const isMoved = ({ backfillStart }: Policy, { syncedThrough, unfinished }: State): boolean =>
  syncedThrough === null &&
  unfinished !== undefined &&
  backfillStart !== null &&
  !isAt(unfinished.window.from, backfillStart);

/** Whether the sink holds anything of a window: then to begin it anew would send that twice. */
export async function isPublished(
  activities: Pick<SyncActivities, 'publishPart'>,
  { sink }: Policy,
  { window, counters }: Unfinished,
): Promise<boolean> {
  const { chats: read, messages: records, gone, conflicts } = counters;
  const totals = { chats: read, records, gone, conflicts };
  const published = await activities.publishPart({ window, sink, chats: [], gone: [], totals });
  return published.closed || published.totals.chats > 0 || published.totals.records > 0;
}

/** What an operator should know of a `BACKFILL_START` that does not count, or not yet. */
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

/** A source that begins now has nothing to read: that the key may list chats shows in one request all the same. */
export async function askForOneChat(
  { fetchChatPage }: Pick<ApiActivities, 'fetchChatPage'>,
  { listing, organizationIds, userIds }: Policy,
  window: Window,
): Promise<void> {
  const perUser = listing === 'per-user' && userIds.length > 0;
  await fetchChatPage({
    window,
    form: perUser ? 'per-user' : 'organization',
    afterId: null,
    at: null,
    organizationIds,
    projectIds: [],
    userIds: perUser ? userIds.slice(0, 10) : [],
    pageSize: 1,
  });
}
