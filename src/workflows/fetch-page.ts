import { ApplicationFailure } from '@temporalio/workflow';
import type { ApiActivities } from '../activities/types';
import { FailureType } from '../contract';
import type { ChatList, Checkpoint, Policy } from '../state';
import { withList } from './checkpoint';
import { widen } from './parking';
import { followOn } from './trail';
import { checkpointOf, type WalkHost } from './walk-host';

/**
 * The next page of a list.
 *
 * @returns its chats that are to be read, and what is wrong with an item that is none.
 * @throws FormRefused, EndlessList
 */
export async function fetchPage(
  activities: Pick<ApiActivities, 'fetchChatPage'>,
  policy: Policy,
  host: WalkHost,
  list: ChatList,
): Promise<{ chatIds: string[]; odd: string | null }> {
  const { organizationIds, projectIds, pageSize } = policy;
  const { window } = host.unfinished;
  const { afterId, at, resumedAt } = list;
  const page = await activities.fetchChatPage({
    window,
    form: checkpointOf(host).form,
    afterId,
    at,
    organizationIds,
    projectIds,
    userIds: list.userIds.length > 0 ? list.userIds : policy.userIds,
    pageSize,
  });
  const change = (next: Partial<ChatList>): Checkpoint => withList(checkpointOf(host), list, { ...list, ...next });
  if (page.refused !== null) {
    if (afterId === null && !checkpointOf(host).accepted) throw new FormRefused(page.refused);
    if (afterId === null) throw ApplicationFailure.nonRetryable(page.refused, FailureType.apiRefused);
    if (at === resumedAt) throw ApplicationFailure.nonRetryable(page.refused, FailureType.apiRefused);
    host.note({ checkpoint: change({ afterId: null, resumedAt: at, trail: undefined }) });
    return { chatIds: [], odd: null };
  }
  const passed = { cursor: page.lastId, place: page.place };
  const trail = page.hasMore ? followOn('chats', list.trail, passed) : undefined;
  // A parked chat is not read here; what it holds of this window is missing too.
  const widened = widen(host.parked, new Set(page.odd === null ? page.chatIds : [...page.chatIds, '']), window);
  const listed = page.odd === null ? page.chatIds : [...page.chatIds, ''];
  const left = listed.filter((chatId) => host.parked.every((parked) => parked.chatId !== chatId));
  const changed = change({
    afterId: page.lastId ?? afterId,
    at: page.at ?? at,
    page: { afterId, at },
    left,
    hasMore: page.hasMore,
    resumedAt: afterId === null ? resumedAt : undefined,
    trail,
  });
  host.note({ checkpoint: { ...changed, accepted: true, requestId: page.requestId } }, widened);
  return { chatIds: left.filter((chatId) => chatId !== ''), odd: left.includes('') ? page.odd : null };
}

/** The server does not take this form of the list. */
export class FormRefused extends Error {
  override name = 'FormRefused';
}
