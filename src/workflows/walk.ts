import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import { FailureType } from '../contract';
import type { ApiActivities, FetchedChatPage, SyncActivities } from '../activities/types';
import type { ReadChat } from '../sinks/sink';
import type { Checkpoint, Counters, Policy, Unfinished } from '../state';
import { readChat } from './read-chat';

/** Emit activities scheduled ahead: enough to keep the rate-limited queue busy, few enough to drain in seconds. */
const EMITS_AHEAD = 64;
/** Receipts handed to one publish, about 215 bytes each: its payload stays below 256 KiB. */
const RECEIPTS_PER_PART = 1000;

export type WalkActivities = Pick<ApiActivities, 'fetchChatPage' | 'emitMessages'> &
  Pick<SyncActivities, 'publishPart'>;

/** The walk's place in the workflow's state, and the workflow's word on when to stop. */
export interface WalkHost {
  readonly unfinished: Unfinished;
  /** A step of the walk: what another run, or another life of the workflow, goes on from. */
  save(next: Partial<Unfinished>): void;
  /** Adds to the counters without making it a step. */
  count(add: Partial<Counters>): void;
  /** Chats and messages that were read and are not published yet. */
  progress(chats: number, messages: number): void;
  mustContinueAsNew(): boolean;
}

/**
 * Reads every chat that changed since the window's start, page after page, and has each one's messages of the window
 * emitted and published. The list has no upper bound: a chat that changes during the walk moves ahead of the cursor and
 * is met again further on, where an upper bound would lose it. Whatever ends the walk, `host.unfinished` is exact: a
 * chat leaves `left` only when the publish that holds it has returned.
 *
 * @returns `interrupted` if the history has grown long enough: continue as new and walk on.
 * @throws ChatUnreadable once the rest of the page is published; whatever else ended an activity for good.
 */
export async function walk(
  activities: WalkActivities,
  policy: Policy,
  host: WalkHost,
): Promise<'finished' | 'interrupted'> {
  for (;;) {
    const checkpoint = host.unfinished.checkpoint;
    if (checkpoint && checkpoint.left.length > 0) {
      const { closed } = await readChats(activities, policy, host, checkpoint);
      if (closed) return 'finished';
    } else if (checkpoint && !checkpoint.hasMore) {
      return 'finished';
    } else {
      await fetchPage(activities, policy, host, checkpoint);
    }
    if (host.mustContinueAsNew()) return 'interrupted';
  }
}

async function fetchPage(
  activities: WalkActivities,
  policy: Policy,
  host: WalkHost,
  checkpoint: Checkpoint | null,
): Promise<void> {
  const { window } = host.unfinished;
  const { organizationIds, projectIds, userIds, pageSize, fingerprint } = policy;
  const afterId = checkpoint?.afterId ?? null;
  const updatedAt = checkpoint?.updatedAt ?? null;
  let page: FetchedChatPage;
  try {
    page = await activities.fetchChatPage({
      window,
      afterId,
      updatedAt,
      organizationIds,
      projectIds,
      userIds,
      pageSize,
    });
  } catch (error) {
    host.count({ requests: requestsOf(error) });
    throw error;
  }
  host.count({ requests: page.requests, skipped: page.skipped });
  if (page.cursorRefused) {
    if (checkpoint === null || checkpoint.updatedAt === null || checkpoint.updatedAt === checkpoint.resumedAt) {
      throw ApplicationFailure.nonRetryable('chats: the server refuses its own cursor', FailureType.apiRefused);
    }
    host.save({ checkpoint: { ...checkpoint, afterId: null, resumedAt: checkpoint.updatedAt } });
    return;
  }
  host.save({
    checkpoint: {
      afterId: page.lastId ?? afterId,
      updatedAt: page.updatedAt ?? updatedAt,
      page: { afterId, updatedAt },
      left: page.chatIds,
      hasMore: page.hasMore,
      requestId: page.requestId,
      resumedAt: afterId === null ? (checkpoint?.resumedAt ?? null) : null,
      fingerprint,
    },
  });
}

/** Reads chats of the page until there is none left, the history is long or a part is full; then publishes them. */
async function readChats(
  activities: WalkActivities,
  policy: Policy,
  host: WalkHost,
  checkpoint: Checkpoint,
): Promise<{ closed: boolean }> {
  const { window } = host.unfinished;
  const { messages, pageSize, sink } = policy;
  const read: ReadChat[] = [];
  const gone: string[] = [];
  const unreadable: { chatId: string; error: unknown }[] = [];
  let fatal: { error: unknown } | undefined;
  let receiptCount = 0;
  let messageCount = 0;

  const queue = checkpoint.left.values();
  const reader = async (): Promise<void> => {
    for (const chatId of queue) {
      try {
        const request = { window, chatId, messages, pageSize, sink };
        const chat = await readChat(activities, request, ({ requests, violations }) =>
          host.count({ requests, violations }),
        );
        if (chat.gone) gone.push(chatId);
        // What was read of a chat before it was gone is published.
        if (!chat.gone || chat.receipts.length > 0) read.push({ chatId, receipts: chat.receipts });
        receiptCount += chat.receipts.length;
        messageCount += chat.receipts.reduce((sum, receipt) => sum + receipt.records, 0);
        host.progress(read.length, messageCount);
      } catch (error) {
        host.count({ requests: requestsOf(error) });
        if (failureType(error) === FailureType.chatUnreadable) unreadable.push({ chatId, error });
        else fatal ??= { error };
      }
      if (fatal || receiptCount >= RECEIPTS_PER_PART || host.mustContinueAsNew()) return;
    }
  };
  await Promise.all(Array.from({ length: EMITS_AHEAD }, reader));
  if (fatal && failureType(fatal.error) === undefined) throw fatal.error;

  const { chats, messages: records } = host.unfinished.counters;
  const published = await activities.publishPart({ window, sink, chats: read, totals: { chats, records } });
  const done = new Set([...gone, ...read.map((chat) => chat.chatId)]);
  const left = checkpoint.left.filter((chatId) => !done.has(chatId));
  const { counters } = host.unfinished;
  host.save({
    checkpoint: { ...checkpoint, left },
    counters: {
      ...counters,
      chats: published.totals.chats,
      messages: published.totals.records,
      gone: counters.gone + gone.length,
    },
  });
  host.progress(0, 0);
  if (published.closed) return { closed: true };
  if (fatal) throw fatal.error;
  if (unreadable.length > 0 && unreadable.length === left.length) throw unreadableFailure(unreadable);
  return { closed: false };
}

/** The `type` of the failure that ended an activity; undefined for a cancellation, or an error that is none of ours. */
export function failureType(error: unknown): string | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
}

/** Failures of the API's activities carry in details[0] how many requests their attempts made. */
export function requestsOf(error: unknown): number {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const details: unknown = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
  if (typeof details !== 'object' || details === null || !('requests' in details)) return 0;
  return typeof details.requests === 'number' ? details.requests : 0;
}

function unreadableFailure(unreadable: { chatId: string; error: unknown }[]): ApplicationFailure {
  const named = unreadable.slice(0, 5).map(({ chatId, error }) => {
    const cause = error instanceof ActivityFailure ? error.cause : error;
    return cause instanceof ApplicationFailure ? cause.message : chatId;
  });
  const more = unreadable.length > named.length ? `, and ${unreadable.length - named.length} more` : '';
  return ApplicationFailure.nonRetryable(`${named.join('; ')}${more}`, FailureType.chatUnreadable);
}
