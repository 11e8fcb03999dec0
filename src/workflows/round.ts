import { ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { ApiActivities, SyncActivities } from '../activities/types';
import { FailureType } from '../contract';
import type { ChatList, Policy } from '../state';
import { asksAgain, leftOf, withLast } from './checkpoint';
import { everybodysFailure, failureDetails, oddItem, unreadableFailure, type Unreadable } from './failures';
import { fetchPage, FormRefused } from './fetch-page';
import { inTime } from './in-time';
import { otherForm } from './listing';
import { park } from './parking';
import { createPart, type Part } from './part';
import { saturate } from './saturate';
import { EndlessList } from './trail';
import { checkpointOf, publish, type WalkHost } from './walk-host';

/** Lists asked at the same time, as long as fewer chats than this are listed and not published: one payload holds their ids. */
const LISTS_AHEAD = 5;
const LISTED_AHEAD = 3500;
/** So many chats that are gone are no accident, where they are most of a part. */
const FEWEST_GONE = 3;
export type WalkActivities = ApiActivities & Pick<SyncActivities, 'publishPart'>;

/**
 * One round: asks each list for a page, unless chats of its last one are left, and reads the chats, until nothing is left,
 * the history is long or a part is full; then publishes what was read.
 */
export async function readLists(
  activities: WalkActivities,
  policy: Policy,
  host: WalkHost,
): Promise<{ closed: boolean }> {
  const lists = checkpointOf(host).lists.filter((list) => list.left.length === 0);
  const chats = leftOf(checkpointOf(host));
  const part = createPart(activities, policy, host.unfinished.window, (...read) => host.progress(...read));
  let listed = chats.length;
  let asking = 0;

  const ask = async (list: ChatList): Promise<void> => {
    asking += 1;
    try {
      const { chatIds, odd } = await fetchPage(activities, policy, host, list);
      if (odd !== null) part.refuse(oddItem(odd));
      chats.push(...chatIds);
      listed += chatIds.length;
    } catch (error) {
      if (!(part.isCut && isCancellation(error))) part.fatal ??= { error };
    }
    asking -= 1;
  };
  await inTime(part, host, () =>
    saturate(() => {
      if (part.fatal || part.everybody.length > 0 || part.isFull() || host.mustContinueAsNew()) return undefined;
      const mayAsk = asking === 0 || (asking < LISTS_AHEAD && checkpointOf(host).accepted);
      if (mayAsk && listed + asking * policy.pageSize < LISTED_AHEAD) {
        const list = lists.shift();
        if (list) return ask(list);
      }
      const chatId = part.hasRoom() ? chats.shift() : undefined;
      return chatId === undefined ? undefined : part.add(chatId);
    }),
  );
  return await endRound(part, policy, host);
}

/** Publishes a round's part; what went wrong in it decides how the walk goes on, or ends. */
async function endRound(part: Part, policy: Policy, host: WalkHost): Promise<{ closed: boolean }> {
  const error: unknown = part.fatal?.error;
  const isKnown = error instanceof FormRefused || error instanceof EndlessList;
  if (isKnown) part.fatal = undefined;
  const everybody = new Set(part.everybody.map(({ chatId }) => chatId));
  // Others were read since, with which a chat can be compared now: those that were not are tried once more.
  const isDecided = ({ error }: Unreadable): boolean => part.read.length === 0 || failureDetails(error).proven;
  const own = part.unreadable.filter((chat) => !everybody.has(chat.chatId) && isDecided(chat));
  // Chats go now and then; when most are gone it is the list that is another's.
  const mostAreGone = part.gone.length >= FEWEST_GONE && part.gone.length > part.read.length;

  const { closed } = await publish(part, host, park(own, policy, host), mostAreGone ? part.gone : []);
  if (closed) return { closed };
  if (error instanceof FormRefused) {
    const checkpoint = otherForm(policy, checkpointOf(host), error.message);
    host.save({ checkpoint, counters: { ...host.unfinished.counters, skipped: 0, violations: 0, unexplained: 0 } });
    return { closed };
  }
  if (error instanceof EndlessList) throw error;
  if (mostAreGone) {
    host.save({ checkpoint: asksAgain(checkpointOf(host)) });
    throw chatsGone(part);
  }
  if (part.fatal) throw part.fatal.error;
  if (everybody.size > 0) {
    host.save({ checkpoint: withLast(checkpointOf(host), everybody) });
    const failure = everybodysFailure(part.everybody);
    if (failure) throw failure;
    return { closed };
  }
  const left = leftOf(checkpointOf(host));
  const hopeless = own.filter(({ chatId }) => left.includes(chatId));
  if (left.length === 0 || left.some((chatId) => hopeless.every((chat) => chat.chatId !== chatId))) return { closed };
  // What has no id can only be asked for by its page.
  if (left.includes('')) host.save({ checkpoint: asksAgain(checkpointOf(host)) });
  const more = policy.onChatFailure === 'park' ? `; ${host.parked.length} chats are parked already` : '';
  throw unreadableFailure(hopeless, more);
}

function chatsGone({ gone, read }: Part): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `${gone.length} of ${gone.length + read.length} chats that were listed are gone when they are read: is this the right ` +
      'key, and the right server behind ANTHROPIC_BASE_URL? What was deleted meanwhile is not listed any more: the next sync asks again',
    FailureType.chatsGone,
  );
}
