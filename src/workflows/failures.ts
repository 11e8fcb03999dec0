import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import { FailureType } from '../contract';

/** A chat that could not be read. */
export interface Unreadable {
  /** Empty for an item of a list that has no id to be read by. */
  chatId: string;
  error: unknown;
}

/** What the activities of the API's queue say of a failure in details[0]. */
interface FailureDetails {
  /** How the request failed, as the client of the API sorts it. */
  kind: string | undefined;
  /** Another chat could be read meanwhile: it is this one's own failure. */
  proven: boolean;
  /** HTTP requests over all attempts. */
  requests: number;
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
  const { kind, proven, requests } = details;
  return {
    kind: typeof kind === 'string' ? kind : undefined,
    proven: proven === true,
    requests: typeof requests === 'number' ? requests : 0,
  };
}

/** What is known of why a chat could not be read. */
export function reasonOf({ chatId, error }: Unreadable): string {
  const cause = causeOf(error);
  if (!(cause instanceof ApplicationFailure)) return 'the attempts to read it did not end';
  return cause.message.replace(`chat ${chatId}: `, '');
}

/** @param remark What else there is to say. */
export function unreadableFailure(unreadable: readonly Unreadable[], remark: string): ApplicationFailure {
  const named = unreadable.slice(0, 5).map((chat) => `${chat.chatId ? `chat ${chat.chatId}: ` : ''}${reasonOf(chat)}`);
  const more = unreadable.length > named.length ? `, and ${unreadable.length - named.length} more` : '';
  return ApplicationFailure.nonRetryable(`${named.join('; ')}${more}${remark}`, FailureType.chatUnreadable);
}

/** An item of the chat list that cannot be read, as a chat without an id. @param odd What is wrong with it. */
export const oddItem = (odd: string): Unreadable => ({
  chatId: '',
  error: ApplicationFailure.nonRetryable(odd, FailureType.chatUnreadable, { proven: true }),
});

/** What may pass: while everybody gets it, it is waited for. */
const PASSING = ['server-error', 'overloaded', 'network', 'timeout', 'cut-short'];
const FORBIDDEN = ['forbidden', 'foreign-organization'];
const KEY = ['unauthorized', 'key-deactivated', 'key-expired', 'unauthenticated'];

/** The failure of a sync whose chats are all refused in the same way; null if that is an outage, to be waited for. */
export function everybodysFailure(refused: readonly Unreadable[]): ApplicationFailure | null {
  const [first] = refused;
  const kind = first && failureDetails(first.error).kind;
  if (first === undefined || kind === undefined || PASSING.includes(kind)) return null;
  const type = FORBIDDEN.includes(kind)
    ? FailureType.forbidden
    : KEY.includes(kind)
      ? FailureType.unauthorized
      : FailureType.apiRefused;
  return ApplicationFailure.nonRetryable(
    `${refused.length} chats in a row were refused in the same way, and none was read: it is the key, the settings or the ` +
      `server, not the chats; ${reasonOf(first)}`,
    type,
  );
}
