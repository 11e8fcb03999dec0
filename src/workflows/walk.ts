import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import { FailureType } from '../contract';
import type { ApiActivities, SyncActivities } from '../activities/types';
import type { ReadChat } from '../sinks/sink';
import type { ChatList, Checkpoint, Counters, Policy, Unfinished } from '../state';
import { beginning, leftOf, withList, without } from './checkpoint';
import { counting } from './counting';
import { createOrganizations, firstForm, nextUsers, otherForm } from './listing';
import { readChat } from './read-chat';
import { saturate } from './saturate';

/** Emit activities scheduled ahead: enough to keep the rate-limited queue busy, few enough to drain in seconds. */
const EMITS_AHEAD = 64;
/** Lists asked at the same time, and how many chats may be listed before they are published: 200 KB of ids in one payload. */
const LISTS_AHEAD = 5;
const LISTED_AHEAD = 4000;
/** What is handed to one publish stays below 256 KiB: about so many bytes for a chat and for each of its receipts. */
const PART_BYTES = 240_000;
const CHAT_BYTES = 65;
const RECEIPT_BYTES = 150;

export type WalkActivities = ApiActivities & Pick<SyncActivities, 'publishPart'>;

/** The walk's place in the workflow's state, and the workflow's word on when to stop. */
export interface WalkHost {
  readonly unfinished: Unfinished;
  /** A step of the walk: what another run, or another life of the workflow, goes on from. */
  save(next: Partial<Unfinished>): void;
  /** A step that another run goes on from, but not another life. */
  note(next: Partial<Unfinished>): void;
  /** Adds to the counters without making it a step. */
  count(add: Partial<Counters>): void;
  /** Chats and messages that were read and are not published yet. */
  progress(chats: number, messages: number): void;
  mustContinueAsNew(): boolean;
}

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
  const counted = counting(activities, (add) => host.count(add));
  const organizations = createOrganizations(counted, policy);
  if (!host.unfinished.checkpoint) host.save({ checkpoint: beginning(firstForm(policy), policy) });
  for (;;) {
    const checkpoint = checkpointOf(host);
    if (checkpoint.lists.length > 0) {
      const { closed } = await readLists(counted, policy, host);
      if (closed) return 'finished';
    } else if (checkpoint.form === 'organization') {
      return 'finished';
    } else {
      const next = await nextUsers(counted, policy, checkpoint, organizations);
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
  const { window } = host.unfinished;
  const { messages, pageSize, sink } = policy;
  const lists = checkpointOf(host).lists.filter((list) => list.left.length === 0);
  const chats = leftOf(checkpointOf(host));
  const read: ReadChat[] = [];
  const gone: string[] = [];
  const unreadable: { chatId: string; error: unknown }[] = [];
  let fatal: { error: unknown } | undefined;
  let asking = 0;
  let reading = 0;
  let listed = chats.length;
  let bytes = 0;
  let records = 0;

  const ask = async (list: ChatList): Promise<void> => {
    asking += 1;
    try {
      const page = await fetchPage(activities, policy, host, list);
      chats.push(...page);
      listed += page.length;
    } catch (error) {
      fatal ??= { error };
    }
    asking -= 1;
  };
  const readOne = async (chatId: string): Promise<void> => {
    reading += 1;
    try {
      const chat = await readChat(activities, { window, chatId, messages, pageSize, sink });
      if (chat.gone) gone.push(chatId);
      // What was read of a chat before it was gone is published.
      if (!chat.gone || chat.receipts.length > 0) read.push({ chatId, receipts: chat.receipts });
      bytes += CHAT_BYTES + RECEIPT_BYTES * chat.receipts.length;
      records += chat.receipts.reduce((sum, receipt) => sum + receipt.records, 0);
      host.progress(read.length, records);
    } catch (error) {
      if (failureType(error) === FailureType.chatUnreadable) unreadable.push({ chatId, error });
      else fatal ??= { error };
    }
    reading -= 1;
  };
  await saturate(() => {
    if (fatal || bytes >= PART_BYTES || host.mustContinueAsNew()) return undefined;
    const mayAsk = asking === 0 || (asking < LISTS_AHEAD && checkpointOf(host).accepted);
    if (mayAsk && listed + asking * pageSize < LISTED_AHEAD) {
      const list = lists.shift();
      if (list) return ask(list);
    }
    const chatId = reading < EMITS_AHEAD ? chats.shift() : undefined;
    return chatId === undefined ? undefined : readOne(chatId);
  });
  const refusal = fatal?.error instanceof FormRefused ? fatal.error : undefined;
  if (fatal && !refusal && failureType(fatal.error) === undefined) throw fatal.error;

  const { counters } = host.unfinished;
  let totals = { chats: counters.chats, records: counters.messages };
  let closed = false;
  if (read.length > 0) ({ totals, closed } = await activities.publishPart({ window, sink, chats: read, totals }));
  const done = new Set([...gone, ...read.map((chat) => chat.chatId)]);
  const checkpoint = without(checkpointOf(host), done);
  host.save({
    checkpoint,
    counters: {
      ...host.unfinished.counters,
      chats: totals.chats,
      messages: totals.records,
      gone: counters.gone + gone.length,
    },
  });
  host.progress(0, 0);
  if (closed) return { closed };
  if (refusal) host.save({ checkpoint: otherForm(policy, checkpoint, refusal.message) });
  else if (fatal) throw fatal.error;
  const hopeless = new Set(unreadable.map(({ chatId }) => chatId));
  if (hopeless.size > 0 && leftOf(checkpointOf(host)).every((chatId) => hopeless.has(chatId))) {
    throw unreadableFailure(unreadable);
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
  const { afterId, at, resumedAt } = list;
  const page = await activities.fetchChatPage({
    window: host.unfinished.window,
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
    if (afterId === null) throw new FormRefused(page.refused);
    if (at === null || at === resumedAt) {
      throw ApplicationFailure.nonRetryable('chats: the server refuses its own cursor', FailureType.apiRefused);
    }
    host.note({ checkpoint: change({ afterId: null, resumedAt: at }) });
    return [];
  }
  const changed = change({
    afterId: page.lastId ?? afterId,
    at: page.at ?? at,
    page: { afterId, at },
    left: page.chatIds,
    hasMore: page.hasMore,
    resumedAt: afterId === null ? resumedAt : null,
  });
  host.note({ checkpoint: { ...changed, accepted: true, requestId: page.requestId } });
  return page.chatIds;
}

/** The server does not take this form of the list. */
class FormRefused extends Error {
  override name = 'FormRefused';
}

function checkpointOf({ unfinished }: WalkHost): Checkpoint {
  if (!unfinished.checkpoint) throw new TypeError('the walk has not begun');
  return unfinished.checkpoint;
}

/** The `type` of the failure that ended an activity; undefined for a cancellation, or an error that is none of ours. */
export function failureType(error: unknown): string | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
}

function unreadableFailure(unreadable: { chatId: string; error: unknown }[]): ApplicationFailure {
  const named = unreadable.slice(0, 5).map(({ chatId, error }) => {
    const cause = error instanceof ActivityFailure ? error.cause : error;
    return cause instanceof ApplicationFailure ? cause.message : chatId;
  });
  const more = unreadable.length > named.length ? `, and ${unreadable.length - named.length} more` : '';
  return ApplicationFailure.nonRetryable(`${named.join('; ')}${more}`, FailureType.chatUnreadable);
}
