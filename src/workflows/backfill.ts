import { withFilters, type ListActivities } from './fetch-page';
import type { SyncActivities } from '../activities/types';
import type { Policy } from '../config/policy';
import type { Unfinished } from '../domain/state';
import type { Window } from '../domain/window';

/** Whether the archive has published anything of a window: to begin it anew would send those messages twice. */
export async function isPublished(
  activities: Pick<SyncActivities, 'publishPart'>,
  { window, counters }: Unfinished,
): Promise<boolean> {
  const { chats: read, messages: records, gone, conflicts } = counters;
  const totals = { chats: read, records, gone, conflicts };
  const published = await activities.publishPart({ window, chats: [], gone: [], totals });
  return published.closed || published.totals.chats > 0 || published.totals.records > 0;
}

/** Lists one chat. A source that begins now reads nothing; this request shows whether its key may list chats. */
export async function askForOneChat(activities: ListActivities, policy: Policy, window: Window): Promise<void> {
  const perUser = policy.listing === 'per-user' && policy.userIds.length > 0;
  await withFilters(activities, policy, {
    window,
    mode: perUser ? 'per-user' : 'organization',
    afterId: null,
    at: null,
    userIds: perUser ? policy.userIds.slice(0, 10) : [],
    pageSize: 1,
  });
}
