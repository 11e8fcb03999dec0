import { log } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, type ApplicationFailureOptions } from '@temporalio/common';
import { sayKeyProblem } from '../access-key';
import { ApiError, recoveryOf } from '../compliance-api/errors';
import { FailureType } from '../contract';
import { cut, LONGEST_REASON_BYTES } from '../text/cut';
import { printable } from '../text/printable';
import { SinkError } from '../sinks/sink';
import { meaningOf, type Recovery } from '../domain/failure-kinds';

/** What a failure may say of where it happened. */
export interface FailureFacts {
  chatId?: string | undefined;
  /** HTTP requests over all attempts so far. */
  requests?: number;
  /** What to do, where more is known than the error itself says. */
  recovery?: Recovery | undefined;
  /** The next attempt is not to wait. */
  soon?: boolean;
  /** Another chat could be read meanwhile: it is this one's own. */
  proven?: boolean;
  /** How many records to ask for at once. */
  limit?: number | undefined;
}

/** 0 would end the retries (Temporal takes it as "no time left"). */
const SOON_MS = 100;

/**
 * The one place where errors become Temporal's. A failure is built from known facts alone, without cause: what an
 * unknown error says may quote the message it stumbled over, and failures stand in the history.
 */
export function toFailure(error: unknown, facts: FailureFacts = {}): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof ApiError) return apiFailure(error, facts);
  if (error instanceof SinkError) {
    if (error.code === 'STALE_WINDOW') {
      return failure({
        type: FailureType.ledgerDisagrees,
        message: `${error.message} (${error.code})`,
        nonRetryable: true,
      });
    }
    return failure({
      type: FailureType.sinkUnavailable,
      message: `${error.message} (${error.code})`,
      details: [{ requests: facts.requests }],
    });
  }
  const name = error instanceof Error ? error.name : typeof error;
  // A bug: where it happened goes to the log, without the first line, which may quote what it stumbled over.
  log.error(`unexpected ${name}`, { at: framesOf(error) });
  return failure({
    type: FailureType.unexpected,
    message: `unexpected ${name}`,
    details: [{ requests: facts.requests }],
  });
}

/** Every failure of an activity of ours: as long as Temporal shows it, and without frames, which are those of this file. */
export function failure(options: ApplicationFailureOptions): ApplicationFailure {
  const made = ApplicationFailure.create({ ...options, message: cut(options.message ?? '', LONGEST_REASON_BYTES) });
  made.stack = '';
  return made;
}

function framesOf(error: unknown): string[] {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  return lines.map((line) => line.trim()).filter((line) => line.startsWith('at '));
}

/** The attempt has learnt something about others; its own request has yet to be made again. @param said How that failed. */
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
  // An answer that is too large is asked for in halves: there is nothing to wait for.
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
      // What would end the sync if it were believed is waited for until it is.
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
