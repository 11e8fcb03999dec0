import { log } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, type ApplicationFailureOptions } from '@temporalio/common';
import { sayKeyProblem } from '../access-key';
import { ApiError, recoveryOf } from '../compliance-api/errors';
import { FailureType } from '../contract';
import { cut, LONGEST_REASON_BYTES } from '../text/cut';
import { printable } from '../text/printable';
import { ArchiveError } from '../archive/archive';
import { DestinationError } from '../destinations/destination';
import { meaningOf, type Recovery } from '../domain/failure-kinds';

/** What a failure may say about its request. */
export interface FailureFacts {
  chatId?: string | undefined;
  /** HTTP requests over all attempts so far. */
  requests?: number;
  /** Overrides the error's own recovery. */
  recovery?: Recovery | undefined;
  /** The next attempt starts at once. */
  soon?: boolean;
  /** Another chat was readable meanwhile: the failure is this chat's own. */
  proven?: boolean;
  /** The page size for the next request. */
  limit?: number | undefined;
}

/** A `nextRetryDelay` of 0 would end the retries: Temporal takes it as "no time left". */
const SOON_MS = 100;

/**
 * Turns any error into an ApplicationFailure, from known facts alone and without a cause: an unknown error's message
 * may quote message texts, and failures are kept in the history.
 */
export function toFailure(error: unknown, facts: FailureFacts = {}): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof ApiError) return apiFailure(error, facts);
  if (error instanceof ArchiveError) {
    if (error.code === 'STALE_WINDOW') {
      return failure({
        type: FailureType.ledgerDisagrees,
        message: `${error.message} (${error.code})`,
        nonRetryable: true,
      });
    }
    return failure({
      type: FailureType.archiveUnavailable,
      message: `${error.message} (${error.code})`,
      details: [{ requests: facts.requests }],
    });
  }
  if (error instanceof DestinationError) return destinationFailure(error);
  const name = error instanceof Error ? error.name : typeof error;
  // A bug: the log gets the stack frames, without the first line, which may quote message texts.
  log.error(`unexpected ${name}`, { at: framesOf(error) });
  return failure({
    type: FailureType.unexpected,
    message: `unexpected ${name}`,
    details: [{ requests: facts.requests }],
  });
}

export interface DestinationFacts {
  /** What else to tell whoever looks at it. */
  details?: object | undefined;
  /** When to try again, if the destination does not say. */
  soonMs?: number | undefined;
}

export function destinationFailure(
  { code, message, retryAfterMs }: DestinationError,
  { details, soonMs }: DestinationFacts = {},
): ApplicationFailure {
  const delayMs = retryAfterMs ?? soonMs;
  return failure({
    type: FailureType.destinationUnavailable,
    message: `${message} (${code})`,
    ...(delayMs !== undefined && { nextRetryDelay: delayMs }),
    ...(details && { details: [details] }),
  });
}

/** Creates an activity's failure: as long as Temporal shows, without stack frames, which would all be of this file. */
export function failure(options: ApplicationFailureOptions): ApplicationFailure {
  const made = ApplicationFailure.create({ ...options, message: cut(options.message ?? '', LONGEST_REASON_BYTES) });
  made.stack = '';
  return made;
}

function framesOf(error: unknown): string[] {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  return lines.map((line) => line.trim()).filter((line) => line.startsWith('at '));
}

/** The failure of an attempt that made another request instead of its own. @param said How its own had failed. */
export function retryFailure(said: string, { chatId, requests, soon }: FailureFacts): ApplicationFailure {
  return failure({
    type: FailureType.apiUnavailable,
    message: `${named(chatId)}${said}`,
    ...(soon && { nextRetryDelay: SOON_MS }),
    details: [{ requests }],
  });
}

function apiFailure(error: ApiError, facts: FailureFacts): ApplicationFailure {
  const { kind, status, requestId } = error;
  const { chatId } = facts;
  const { requests, limit, proven = false } = facts;
  const serverTime = error.serverTimeMs === null ? null : new Date(error.serverTimeMs).toISOString();
  const details = [{ requests, kind, status, requestId, serverTime, proven, ...(limit !== undefined && { limit }) }];
  // After too large an answer a smaller page is requested at once.
  const retryAfterMs = error.kind === 'too-large' || facts.soon ? 0 : error.retryAfterMs;
  const message = `${named(chatId)}${error.message}`;
  const { type, remedy, onList } = meaningOf(kind);
  switch (facts.recovery ?? recoveryOf(error)) {
    case 'never':
    case 'gone':
      return failure({
        type: FailureType.chatUnreadable,
        message,
        nonRetryable: true,
        details: [{ ...details[0], chatIds: chatId === undefined ? [] : [chatId] }],
      });
    case 'stop': {
      const more = onList === 'later' ? '; again and again, while others were served' : remedy;
      return failure({ type, message: `${error.message}${more}`, nonRetryable: true, details });
    }
    case 'later': {
      // A failure that would end the sync if believed counts as an outage until then.
      const waitsFor = onList === 'later' ? type : FailureType.apiUnavailable;
      return failure({
        type: waitsFor,
        message: `${message}${keyRemedy(error)}`,
        ...(waitsFor === FailureType.rateLimited && { category: ApplicationFailureCategory.BENIGN }),
        ...(retryAfterMs === undefined ? {} : { nextRetryDelay: Math.max(SOON_MS, retryAfterMs) }),
        details,
      });
    }
  }
}

const keyRemedy = ({ kind, code }: ApiError): string =>
  kind === 'no-key' ? `; the file that ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE names: ${sayKeyProblem(code)}` : '';

const named = (chatId: string | undefined): string => (chatId === undefined ? '' : `chat ${printable(chatId)}: `);
