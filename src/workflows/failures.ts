import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';
import { FailureType } from '../contract';
import { cut, LONGEST_REASON_BYTES } from '../text/cut';
import { failureInWords } from '../text/failure-in-words';
import type { Behind } from '../domain/delivery';
import { isFailureKind, meaningOf, type FailureKind } from '../domain/failure-kinds';
import type { Ending } from '../domain/report';
import { NO_ID } from '../domain/no-id';

/** The most chats that a failure names. */
export const NAMED = 5;

/** A chat that could not be read. */
export interface Unreadable {
  /** Empty for a list item without an id. */
  chatId: string;
  error: unknown;
}

/** `details[0]` of a failure of an activity on the API's queue. */
interface FailureDetails {
  /** The kind that the API client gave the failed request. */
  kind: FailureKind | undefined;
  /** Another chat was readable meanwhile: the failure is this chat's own. */
  proven: boolean;
  /** HTTP requests over all attempts. */
  requests: number;
  /** The API's request-id of the last request. */
  requestId: string | null;
  /** The API server's clock; null if no answer had a `Date` header. */
  serverTime: string | null;
  /** Which chats could not be read. */
  chatIds: string[];
  /** The page size for the next request; undefined: it was not reduced. */
  limit: number | undefined;
  /** What a destination is behind; of a delivery only. */
  behind?: Behind;
}

const causeOf = (error: unknown): unknown => (error instanceof ActivityFailure ? error.cause : error);

/** The `type` of the failure that ended an activity; undefined for a cancellation, or an error that is not ours. */
export function failureType(error: unknown): string | undefined {
  const cause = causeOf(error);
  return cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
}

/** Reads a failure's details, with defaults for what is missing or malformed. */
export function failureDetails(error: unknown): FailureDetails {
  const cause = causeOf(error);
  const given: unknown = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
  const details: Record<string, unknown> = typeof given === 'object' && given !== null ? { ...given } : {};
  const { kind, proven, requests, requestId, serverTime, chatIds, limit, behind } = details;
  return {
    kind: typeof kind === 'string' && isFailureKind(kind) ? kind : undefined,
    proven: proven === true,
    requests: typeof requests === 'number' ? requests : 0,
    requestId: typeof requestId === 'string' ? requestId : null,
    serverTime: typeof serverTime === 'string' ? serverTime : null,
    chatIds: Array.isArray(chatIds) ? chatIds.filter((chatId) => typeof chatId === 'string') : [],
    limit: typeof limit === 'number' ? limit : undefined,
    ...(isBehind(behind) && { behind }),
  };
}

const isBehind = (value: unknown): value is Behind =>
  typeof value === 'object' && value !== null && 'records' in value && 'parts' in value;

/** Why a sync ended early. Only our own failures are quoted: another error's message might contain people's texts. */
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
    return ending(cause.type ?? FailureType.unexpected, inWords(cause));
  }
  const name = cause instanceof Error ? cause.name : typeof cause;
  return ending(FailureType.unexpected, `Unexpected: ${name}; this is a bug, please report it`);
}

const inWords = ({ type, message }: ApplicationFailure): string =>
  cut(failureInWords({ type: type ?? FailureType.unexpected, message }), LONGEST_REASON_BYTES);

/** What an activity waited for when it failed, its type first. */
export function waitOf(error: unknown): string {
  const cause = causeOf(error);
  if (cause instanceof ApplicationFailure) return inWords(cause);
  return `a worker that did not come back (${cause instanceof Error ? cause.name : typeof cause})`;
}

/** Whether a failure may concern one list only, so that others are still requested: not the key's, and no bug. */
export function isOfOneList(error: unknown): boolean {
  const type = failureType(error);
  const { kind } = failureDetails(error);
  // A refused cursor (without a kind) or parameter says nothing about the list's users.
  if (kind === undefined || meaningOf(kind).onMessages === 'stop') return false;
  return type === FailureType.apiUnavailable || type === FailureType.apiRefused;
}

/** Whether an activity ended with a failure of ours, rather than by a cancellation or a bug in the workflow. */
export const isOwnFailure = (error: unknown): boolean =>
  !isCancellation(error) && causeOf(error) instanceof ApplicationFailure;

/** A failure's message, without Temporal's wrapper. */
export function sayOf(error: unknown): string {
  const cause = causeOf(error);
  return cause instanceof ApplicationFailure ? cause.message : 'the attempts did not end';
}

/** Whether an activity was given up in what may be an outage: it could not be served, and was not refused. */
export function mayPass(error: unknown): boolean {
  const type = failureType(error);
  const { kind } = failureDetails(error);
  const isWaitedFor = kind !== undefined && meaningOf(kind).onMessages === 'later';
  return isWaitedFor || type === FailureType.apiUnavailable || type === FailureType.rateLimited;
}

/** Why a chat could not be read, without its id. */
export function reasonOf({ chatId, error }: Unreadable): string {
  return sayOf(error).replace(`chat ${chatId}: `, '');
}

/** A `ChatUnreadable` failure that names the first few chats. @param remark Appended to its message. */
export function unreadableFailure(unreadable: readonly Unreadable[], remark: string): ApplicationFailure {
  const first = unreadable.slice(0, NAMED);
  const named = first.map((chat) => `${chat.chatId ? `chat ${chat.chatId}: ` : ''}${reasonOf(chat)}`);
  const more = unreadable.length > named.length ? `, and ${unreadable.length - named.length} more` : '';
  const details = {
    chatIds: first.flatMap(({ chatId }) => (chatId === NO_ID ? [] : [chatId])),
    requestId: failureDetails(first[0]?.error).requestId,
  };
  return ApplicationFailure.nonRetryable(`${named.join('; ')}${more}${remark}`, FailureType.chatUnreadable, details);
}

/** An `ApiRefused` failure, not retried. @param requestId The API's request-id, if known. */
export const apiRefused = (message: string, requestId: string | null = null): ApplicationFailure =>
  ApplicationFailure.nonRetryable(message, FailureType.apiRefused, { requestId });

/** A malformed item of the chat list, as an unreadable chat without an id. @param odd What is wrong with it. */
export const oddItem = (odd: string): Unreadable => ({
  chatId: NO_ID,
  error: ApplicationFailure.nonRetryable(odd, FailureType.chatUnreadable, { proven: true }),
});

/** A chat that the API reports as gone, where that is not believed. */
export const doubtfulChat = (chatId: string): Unreadable => ({
  chatId,
  error: ApplicationFailure.nonRetryable(
    'it is listed, and answers that it is gone, as most others did',
    FailureType.chatUnreadable,
    { proven: true },
  ),
});

/** The failure of a sync whose chats are all refused in the same way; null if that is an outage, to be waited out. */
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
