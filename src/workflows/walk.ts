import { ApplicationFailure } from '@temporalio/workflow';
import { FailureType } from '../contract';
import type { ApiActivities, SyncActivities } from '../activities/types';
import type { ChatList, Checkpoint, Policy } from '../state';
import { beginning, leftOf, withList } from './checkpoint';
import { createOrganizations, firstForm, nextUsers, otherForm } from './listing';
import { park, widen } from './parking';
import { createPart, unreadableFailure } from './part';
import { saturate } from './saturate';
import { checkpointOf, publish, type WalkHost } from './walk-host';

/** Lists asked at the same time, as long as fewer chats than this are listed and not published: one payload holds their ids. */
const LISTS_AHEAD = 5;
const LISTED_AHEAD = 3500;
export type WalkActivities = ApiActivities & Pick<SyncActivities, 'publishPart'>;

/**
 * Reads every chat that changed since the window's start, and has each one's messages of the window emitted and published.
 * No list has an upper bound on the time of change. Organization-wide, a chat that changes during the walk moves ahead of
 * the cursor and is met again further on, where an upper bound would lose it; per user the order is that of creation, and
 * a chat stays where it is. Whatever ends the walk, `host.unfinished` is exact: a chat leaves `left` only when the publish
 * that holds it has returned.
 *
 * @returns `interrupted` if the history has grown long enough: continue as new and walk on.
 * @throws ChatUnreadable once the rest of what is listed is published; whatever else ended an activity for good.
 */
export async function walk(
  activities: WalkActivities,
  policy: Policy,
  host: WalkHost,
): Promise<'finished' | 'interrupted'> {
  const organizations = createOrganizations(activities, policy);
  if (!host.unfinished.checkpoint) host.save({ checkpoint: beginning(firstForm(policy), policy) });
  for (;;) {
    const checkpoint = checkpointOf(host);
    if (checkpoint.lists.length > 0) {
      const { closed } = await readLists(activities, policy, host);
      if (closed) return 'finished';
    } else if (checkpoint.form === 'organization') {
      return 'finished';
    } else {
      const next = await nextUsers(activities, policy, checkpoint, organizations);
      if (next === null) return 'finished';
      host.save({ checkpoint: next });
    }
    if (host.mustContinueAsNew()) return 'interrupted';
  }
}

/**
 * One round: asks each list for a page, unless chats of its last one are left, and reads the chats, until nothing is left,
 * the history is long or a part is full; then publishes what was read.
 */
async function readLists(activities: WalkActivities, policy: Policy, host: WalkHost): Promise<{ closed: boolean }> {
  const lists = checkpointOf(host).lists.filter((list) => list.left.length === 0);
  const chats = leftOf(checkpointOf(host));
  const part = createPart(activities, policy, host.unfinished.window, (...read) => host.progress(...read));
  let listed = chats.length;
  let asking = 0;

  const ask = async (list: ChatList): Promise<void> => {
    asking += 1;
    try {
      const page = await fetchPage(activities, policy, host, list);
      chats.push(...page);
      listed += page.length;
    } catch (error) {
      part.fatal ??= { error };
    }
    asking -= 1;
  };
  await saturate(() => {
    if (part.fatal || part.isFull() || host.mustContinueAsNew()) return undefined;
    const mayAsk = asking === 0 || (asking < LISTS_AHEAD && checkpointOf(host).accepted);
    if (mayAsk && listed + asking * policy.pageSize < LISTED_AHEAD) {
      const list = lists.shift();
      if (list) return ask(list);
    }
    const chatId = part.hasRoom() ? chats.shift() : undefined;
    return chatId === undefined ? undefined : part.add(chatId);
  });
  const { fatal } = part;
  const refusal = fatal?.error instanceof FormRefused ? fatal.error : undefined;
  if (refusal) part.fatal = undefined;

  const { closed } = await publish(part, host, park(part.unreadable, policy, host));
  if (closed) return { closed };
  if (refusal) {
    const checkpoint = otherForm(policy, checkpointOf(host), refusal.message);
    host.save({ checkpoint, counters: { ...host.unfinished.counters, skipped: 0, violations: 0 } });
  }
  if (fatal && !refusal) throw fatal.error;
  const hopeless = new Set(part.unreadable.map(({ chatId }) => chatId));
  const left = leftOf(checkpointOf(host));
  if (left.length > 0 && left.every((chatId) => hopeless.has(chatId))) {
    const more = policy.onChatFailure === 'park' ? `; ${host.parked.length} chats are parked already` : '';
    throw unreadableFailure(
      part.unreadable.filter(({ chatId }) => left.includes(chatId)),
      more,
    );
  }
  return { closed };
}

/** The next page of a list. @returns its chats. */
async function fetchPage(
  activities: WalkActivities,
  policy: Policy,
  host: WalkHost,
  list: ChatList,
): Promise<string[]> {
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
    if (at === resumedAt) {
      throw ApplicationFailure.nonRetryable('chats: the server refuses its own cursor', FailureType.apiRefused);
    }
    host.note({ checkpoint: change({ afterId: null, resumedAt: at }) });
    return [];
  }
  // A parked chat is not read here; what it holds of this window is missing too.
  const widened = widen(host.parked, new Set(page.chatIds), window);
  const left = page.chatIds.filter((chatId) => host.parked.every((parked) => parked.chatId !== chatId));
  const changed = change({
    afterId: page.lastId ?? afterId,
    at: page.at ?? at,
    page: { afterId, at },
    left,
    hasMore: page.hasMore,
    resumedAt: afterId === null ? resumedAt : undefined,
  });
  host.note({ checkpoint: { ...changed, accepted: true, requestId: page.requestId } }, widened);
  return left;
}

/** The server does not take this form of the list. */
class FormRefused extends Error {
  override name = 'FormRefused';
}
