import { log } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { ApiError, recoveryOf, type Recovery } from '../compliance-api/errors';
import { FailureType } from '../contract';
import { printable } from '../printable';
import { SinkError } from '../sinks/sink';

/** What a failure may say of where it happened. */
export interface FailureFacts {
  chatId?: string | undefined;
  /** HTTP requests over all attempts so far. */
  requests?: number;
  /** What to do, where more is known than the error itself says. */
  recovery?: Recovery | undefined;
}

/**
 * The one place where errors become Temporal's. A failure is built from known facts alone, without cause: what an
 * unknown error says may quote the message it stumbled over, and failures stand in the history.
 */
export function toFailure(error: unknown, facts: FailureFacts = {}): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof ApiError) return apiFailure(error, facts);
  if (error instanceof SinkError) {
    if (error.code === 'STALE_WINDOW') {
      return ApplicationFailure.nonRetryable(`${error.message} (${error.code})`, FailureType.ledgerDisagrees);
    }
    return ApplicationFailure.create({
      type: FailureType.sinkUnavailable,
      message: `${error.message} (${error.code})`,
      details: [{ requests: facts.requests }],
    });
  }
  const name = error instanceof Error ? error.name : typeof error;
  // A bug: where it happened goes to the log, without the first line, which may quote what it stumbled over.
  log.error(`unexpected ${name}`, { at: framesOf(error) });
  return ApplicationFailure.create({
    type: FailureType.unexpected,
    message: `unexpected ${name}`,
    details: [{ requests: facts.requests }],
  });
}

function framesOf(error: unknown): string[] {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  return lines.map((line) => line.trim()).filter((line) => line.startsWith('at '));
}

function apiFailure(error: ApiError, facts: FailureFacts): ApplicationFailure {
  const details = [{ requests: facts.requests, kind: error.kind, status: error.status, requestId: error.requestId }];
  // An answer that is too large is asked for in halves: there is nothing to wait for.
  const retryAfterMs = error.kind === 'too-large' ? 0 : error.retryAfterMs;
  const chat = facts.chatId === undefined ? '' : `chat ${printable(facts.chatId)}: `;
  switch (facts.recovery ?? recoveryOf(error)) {
    case 'never':
    case 'gone':
      return ApplicationFailure.create({
        type: FailureType.chatUnreadable,
        message: `${chat}${error.message}`,
        nonRetryable: true,
        details,
      });
    case 'stop':
      return ApplicationFailure.create({
        type: stopType(error),
        message: `${error.message}${remedy(error)}`,
        nonRetryable: true,
        details,
      });
    case 'later': {
      const limited = error.kind === 'rate-limited' || error.kind === 'not-our-turn';
      return ApplicationFailure.create({
        type: limited ? FailureType.rateLimited : FailureType.apiUnavailable,
        message: `${chat}${error.message}`,
        ...(limited ? { category: ApplicationFailureCategory.BENIGN } : {}),
        // 0 would end the retries (Temporal takes it as "no time left").
        ...(retryAfterMs === undefined ? {} : { nextRetryDelay: Math.max(100, retryAfterMs) }),
        details,
      });
    }
  }
}

function stopType(error: ApiError): FailureType {
  if (error.kind === 'unauthorized' || error.kind === 'no-key') return FailureType.unauthorized;
  return error.kind === 'forbidden' ? FailureType.forbidden : FailureType.apiRefused;
}

function remedy(error: ApiError): string {
  switch (stopType(error)) {
    case FailureType.unauthorized:
      return '; set ANTHROPIC_COMPLIANCE_ACCESS_KEY, or the file that ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE names, to a valid Compliance Access Key';
    case FailureType.forbidden:
      return '; scopes cannot be added to a key: make a new Compliance Access Key with the scope';
    default:
      return '; is ANTHROPIC_BASE_URL right, and a Compliance API behind it?';
  }
}
