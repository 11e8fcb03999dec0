import type { ApiActivities, SyncActivities } from '../activities/types';
import type { Policy, Unfinished } from '../domain/state';
import type { Window } from '../domain/window';

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
