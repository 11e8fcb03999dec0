import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';
import { FailureType } from '../contract';
import { cut, LONGEST_REASON_BYTES } from '../text/cut';
import { isFailureKind, meaningOf, type FailureKind } from '../domain/failure-kinds';
import type { Ending } from '../domain/report';

/** So many chats are named. */
export const NAMED = 5;

/** A chat that could not be read. */
export interface Unreadable {
  /** Empty for an item of a list that has no id to be read by. */
  chatId: string;
  error: unknown;
}

/** What the activities of the API's queue say of a failure in details[0]. */
interface FailureDetails {
  /** How the request failed, as the client of the API sorts it. */
  kind: FailureKind | undefined;
  /** Another chat could be read meanwhile: it is this one's own failure. */
  proven: boolean;
  /** HTTP requests over all attempts. */
  requests: number;
  /** The API's, of the last of those. */
  requestId: string | null;
  /** The API server's clock; null where no answer names one. */
  serverTime: string | null;
  /** Which chats could not be read. */
  chatIds: string[];
  /** How many records were asked for at last; undefined: as many as at first. */
  limit: number | undefined;
}

const causeOf = (error: unknown): unknown => (error instanceof ActivityFailure ? error.cause : error);

/** The `type` of the failure that ended an activity; undefined for a cancellation, or an error that is none of ours. */
export function failureType(error: unknown): string | undefined {
  const cause = causeOf(error);
  return cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
}

export function failureDetails(error: unknown): FailureDetails {
  const cause = causeOf(error);
  const given: unknown = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
  const details: Record<string, unknown> = typeof given === 'object' && given !== null ? { ...given } : {};
  const { kind, proven, requests, requestId, serverTime, chatIds, limit } = details;
  return {
    kind: typeof kind === 'string' && isFailureKind(kind) ? kind : undefined,
    proven: proven === true,
    requests: typeof requests === 'number' ? requests : 0,
    requestId: typeof requestId === 'string' ? requestId : null,
    serverTime: typeof serverTime === 'string' ? serverTime : null,
    chatIds: Array.isArray(chatIds) ? chatIds.filter((chatId) => typeof chatId === 'string') : [],
    limit: typeof limit === 'number' ? limit : undefined,
  };
}

/** Why a sync ended early. Built from our own failures alone: anything else might quote what it stumbled over. */
export function endingOf(error: unknown): Ending {
  const { requests, requestId, chatIds } = failureDetails(error);
  const ending = (type: string, reason: string): Ending => ({
    reason,
    failure: { type, chatIds, requestId },
    requests,
  });
  if (isCancellation(error)) {
    return ending('Cancelled', 'Cancelled: the sync was cancelled; the next one takes up its window');
  }
  const cause = causeOf(error);
  if (cause instanceof ApplicationFailure) {
    const type = cause.type ?? FailureType.unexpected;
    return ending(type, cut(`${type}: ${cause.message}`, LONGEST_REASON_BYTES));
  }
  const name = cause instanceof Error ? cause.name : typeof cause;
  return ending(FailureType.unexpected, `Unexpected: ${name}; this is a bug, please report it`);
}

/** Whether one list was given up for what is wrong with it, and others may be served: neither the key nor a bug. */
export function isOfOneList(error: unknown): boolean {
  const type = failureType(error);
  const { kind } = failureDetails(error);
  // A refused cursor, or parameter, says nothing of the users.
  if (kind === undefined || meaningOf(kind).onMessages === 'stop') return false;
  return type === FailureType.apiUnavailable || type === FailureType.apiRefused;
}

/** What failed for a reason of its own, and does not end the activity's caller: neither a cancellation nor a bug. */
export const isOwnFailure = (error: unknown): boolean =>
  !isCancellation(error) && causeOf(error) instanceof ApplicationFailure;

/** What a failure of ours says. */
export function sayOf(error: unknown): string {
  const cause = causeOf(error);
  return cause instanceof ApplicationFailure ? cause.message : 'the attempts did not end';
}

/** What is known of why a chat could not be read. */
export function reasonOf({ chatId, error }: Unreadable): string {
  return sayOf(error).replace(`chat ${chatId}: `, '');
}

/** @param remark What else there is to say. */
export function unreadableFailure(unreadable: readonly Unreadable[], remark: string): ApplicationFailure {
  const first = unreadable.slice(0, NAMED);
  const named = first.map((chat) => `${chat.chatId ? `chat ${chat.chatId}: ` : ''}${reasonOf(chat)}`);
  const more = unreadable.length > named.length ? `, and ${unreadable.length - named.length} more` : '';
  const details = {
    chatIds: first.flatMap(({ chatId }) => (chatId === '' ? [] : [chatId])),
    requestId: failureDetails(first[0]?.error).requestId,
  };
  return ApplicationFailure.nonRetryable(`${named.join('; ')}${more}${remark}`, FailureType.chatUnreadable, details);
}

/** The API refuses what is asked for, or answers a list with something else. @param requestId The API's, where it is known. */
export const apiRefused = (message: string, requestId: string | null = null): ApplicationFailure =>
  ApplicationFailure.nonRetryable(message, FailureType.apiRefused, { requestId });

/** An item of the chat list that cannot be read, as a chat without an id. @param odd What is wrong with it. */
export const oddItem = (odd: string): Unreadable => ({
  chatId: '',
  error: ApplicationFailure.nonRetryable(odd, FailureType.chatUnreadable, { proven: true }),
});

/** One that answers that it is gone, where that is not believed. */
export const doubtfulChat = (chatId: string): Unreadable => ({
  chatId,
  error: ApplicationFailure.nonRetryable(
    'it is listed, and answers that it is gone, as most others did',
    FailureType.chatUnreadable,
    { proven: true },
  ),
});

/** The failure of a sync whose chats are all refused in the same way; null if that is an outage, to be waited for. */
export function everybodysFailure(refused: readonly Unreadable[]): ApplicationFailure | null {
  const [first] = refused;
  const kind = first && failureDetails(first.error).kind;
  if (first === undefined || kind === undefined) return null;
  const { type, onMessages } = meaningOf(kind);
  if (onMessages === 'later') return null;
  return ApplicationFailure.nonRetryable(
    `${refused.length} chats in a row were refused in the same way, and none was read: it is the key, the settings or the ` +
      `server, not the chats; ${reasonOf(first)}`,
    type,
    { requestId: failureDetails(first.error).requestId },
  );
}
