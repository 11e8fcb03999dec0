import type { ApiActivities, ChatPageRequest, FetchedChatPage } from '../activities/types';
import type { Policy } from '../config/policy';
import type { ChatList, Checkpoint } from '../domain/checkpoint';
import { leftOf, withList, withoutEnded, withPage } from './chat-lists';
import { apiRefused } from './failures';
import { widen } from './parking';
import { followOn } from './trail';
import type { SourceState } from './source-state';
import { NO_ID } from '../domain/no-id';

export type ListActivities = Pick<ApiActivities, 'fetchChatPage'>;

/**
 * Requests the next page of a list and notes it in the checkpoint.
 *
 * @param fits Whether there is room for the page's chats; if not, the page is dropped, to be requested again later.
 * @returns the chats to read, and what is wrong with the first malformed item.
 * @throws ModeRefused, EndlessList, ApiRefused
 */
export async function fetchPage(
  activities: ListActivities,
  policy: Policy,
  source: SourceState,
  list: ChatList,
  fits: (chatIds: readonly string[]) => boolean,
): Promise<{ chatIds: string[]; odd: string | null }> {
  const { window } = source.unfinished;
  const { afterId, at, resumedAt } = list;
  const { mode } = source.checkpoint;
  const request = { window, mode, afterId, at, userIds: list.userIds, pageSize: policy.pageSize };
  const page = await withFilters(activities, policy, request);
  const change = (next: (now: ChatList) => Partial<ChatList>): Checkpoint =>
    withList(source.checkpoint, list, (now) => ({ ...now, ...next(now) }));
  if (page.refused !== null) {
    if (afterId === null && !source.checkpoint.accepted) throw new ModeRefused(page.refused, page.requestId);
    if (afterId === null) throw apiRefused(page.refused, page.requestId);
    const isFurther = at !== null && (resumedAt == null || Date.parse(at) > Date.parse(resumedAt));
    if (list.restarted && !isFurther) throw apiRefused(page.refused, page.requestId);
    // The list restarts once: after `at` chats could be missed, as the last chat may have changed since, and chats in
    // the archive are not requested again. If the server refuses a cursor again, the walk goes on from `at`.
    const from = list.restarted ? { at, resumedAt: at } : { at: null, restarted: true };
    source.noteUnfinished({ checkpoint: change(() => ({ afterId: null, trail: undefined, ...from })) });
    return { chatIds: [], odd: null };
  }
  if (!fits(page.chatIds)) return { chatIds: [], odd: null };
  const passed = { cursor: page.lastId, place: page.place, item: page.item, requestId: page.requestId };
  const trail = page.hasMore ? followOn('chats', list.trail, passed) : undefined;
  // A parked chat is not read here: its missing span grows by this window.
  const listed = page.odd === null ? page.chatIds : [...page.chatIds, NO_ID];
  const widened = widen(source.parked, new Set(listed), window);
  // A chat that is listed again before it was published (it changed meanwhile) is not added twice.
  const known = listed.length > 0 ? [...leftOf(source.checkpoint), ...source.parked.map(({ chatId }) => chatId)] : [];
  const passedOver = new Set(known);
  // Items without an id cannot be told apart: each is added.
  passedOver.delete('');
  const left = listed.filter((chatId) => !passedOver.has(chatId));
  const changed = change((now) => ({
    afterId: page.lastId ?? afterId,
    at: page.at ?? at,
    pages: withPage(now, left),
    hasMore: page.hasMore,
    trail,
  }));
  const { counters } = source.unfinished;
  source.noteUnfinished(
    {
      checkpoint: {
        ...withoutEnded(changed),
        accepted: true,
        requestId: page.requestId,
        firstRequestId: changed.firstRequestId ?? page.requestId,
      },
      counters: { ...counters, skipped: counters.skipped + page.skipped },
    },
    widened,
  );
  return { chatIds: left.filter((chatId) => chatId !== NO_ID), odd: left.includes(NO_ID) ? page.odd : null };
}

/** Thrown if the server refuses the listing mode. */
export class ModeRefused extends Error {
  override name = 'ModeRefused';
  constructor(
    message: string,
    readonly requestId: string | null,
  ) {
    super(message);
  }
}

/** Sends the filters' hash; only a worker with other filters by now gets the ids, which may be thousands. */
export async function withFilters(
  { fetchChatPage }: ListActivities,
  policy: Policy,
  request: Omit<ChatPageRequest, 'filters'>,
): Promise<FetchedChatPage> {
  const page = await fetchChatPage({ ...request, filters: policy.filters });
  if (!page.unknownFilters) return page;
  const { organizationIds, projectIds, userIds } = policy;
  return await fetchChatPage({ ...request, filters: { organizationIds, projectIds, userIds } });
}
