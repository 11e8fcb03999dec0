import { log } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, type ApplicationFailureOptions } from '@temporalio/common';
import { sayKeyProblem } from '../access-key';
import { ApiError, recoveryOf, type Recovery } from '../compliance-api/errors';
import { FailureType } from '../contract';
import { cut, LONGEST_REASON_BYTES } from '../cut';
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

function apiFailure(error: ApiError, facts: FailureFacts): ApplicationFailure {
  const details = [{ requests: facts.requests, kind: error.kind, status: error.status, requestId: error.requestId }];
  // An answer that is too large is asked for in halves: there is nothing to wait for.
  const retryAfterMs = error.kind === 'too-large' ? 0 : error.retryAfterMs;
  const chat = facts.chatId === undefined ? '' : `chat ${printable(facts.chatId)}: `;
  switch (facts.recovery ?? recoveryOf(error)) {
    case 'never':
    case 'gone':
      return failure({
        type: FailureType.chatUnreadable,
        message: `${chat}${error.message}`,
        nonRetryable: true,
        details,
      });
    case 'stop':
      return failure({
        type: stopType(error),
        message: `${error.message}${remedy(error)}`,
        nonRetryable: true,
        details,
      });
    case 'later': {
      const limited = error.kind === 'rate-limited' || error.kind === 'not-our-turn';
      return failure({
        type: laterType(error),
        message: `${chat}${error.message}${keyRemedy(error)}`,
        ...(limited ? { category: ApplicationFailureCategory.BENIGN } : {}),
        // 0 would end the retries (Temporal takes it as "no time left").
        ...(retryAfterMs === undefined ? {} : { nextRetryDelay: Math.max(100, retryAfterMs) }),
        details,
      });
    }
  }
}

function laterType({ kind }: ApiError): FailureType {
  if (kind === 'no-key') return FailureType.noKey;
  return kind === 'rate-limited' || kind === 'not-our-turn' ? FailureType.rateLimited : FailureType.apiUnavailable;
}

const keyRemedy = ({ kind, code }: ApiError): string =>
  kind === 'no-key' ? `; the file that ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE names: ${sayKeyProblem(code)}` : '';

function stopType(error: ApiError): FailureType {
  if (error.kind === 'unauthorized') return FailureType.unauthorized;
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
