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
  /** Which chats could not be read. */
  chatIds: string[];
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
  const { kind, proven, requests, requestId, chatIds } = details;
  return {
    kind: typeof kind === 'string' && isFailureKind(kind) ? kind : undefined,
    proven: proven === true,
    requests: typeof requests === 'number' ? requests : 0,
    requestId: typeof requestId === 'string' ? requestId : null,
    chatIds: Array.isArray(chatIds) ? chatIds.filter((chatId) => typeof chatId === 'string') : [],
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

/** What failed for a reason of its own, and does not end the activity's caller: neither a cancellation nor a bug. */
export const isOwnFailure = (error: unknown): boolean =>
  !isCancellation(error) && causeOf(error) instanceof ApplicationFailure;

/** What is known of why a chat could not be read. */
export function reasonOf({ chatId, error }: Unreadable): string {
  const cause = causeOf(error);
  if (!(cause instanceof ApplicationFailure)) return 'the attempts to read it did not end';
  return cause.message.replace(`chat ${chatId}: `, '');
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

/** An item of the chat list that cannot be read, as a chat without an id. @param odd What is wrong with it. */
export const oddItem = (odd: string): Unreadable => ({
  chatId: '',
  error: ApplicationFailure.nonRetryable(odd, FailureType.chatUnreadable, { proven: true }),
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
