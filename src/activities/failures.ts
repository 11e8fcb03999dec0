import { log } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, type ApplicationFailureOptions } from '@temporalio/common';
import { sayKeyProblem } from '../access-key';
import { ApiError, recoveryOf, type ApiErrorKind, type Recovery } from '../compliance-api/errors';
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
  /** The next attempt is not to wait. */
  soon?: boolean;
  /** Another chat could be read meanwhile: it is this one's own. */
  proven?: boolean;
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
  const details = [{ requests: facts.requests, kind, status, requestId, proven: facts.proven ?? false }];
  // An answer that is too large is asked for in halves: there is nothing to wait for.
  const retryAfterMs = error.kind === 'too-large' || facts.soon ? 0 : error.retryAfterMs;
  const message = `${named(facts.chatId)}${error.message}`;
  switch (facts.recovery ?? recoveryOf(error)) {
    case 'never':
    case 'gone':
      return failure({ type: FailureType.chatUnreadable, message, nonRetryable: true, details });
    case 'stop': {
      const { type, remedy } = stopOf(error.kind);
      return failure({ type, message: `${error.message}${remedy}`, nonRetryable: true, details });
    }
    case 'later': {
      const limited = error.kind === 'rate-limited' || error.kind === 'not-our-turn';
      return failure({
        type: laterType(error),
        message: `${message}${keyRemedy(error)}`,
        ...(limited ? { category: ApplicationFailureCategory.BENIGN } : {}),
        ...(retryAfterMs === undefined ? {} : { nextRetryDelay: Math.max(SOON_MS, retryAfterMs) }),
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

const named = (chatId: string | undefined): string => (chatId === undefined ? '' : `chat ${printable(chatId)}: `);

interface Stop {
  type: FailureType;
  /** What to do, after the error's own words. */
  remedy: string;
}

const wrongKey: Stop = {
  type: FailureType.unauthorized,
  remedy:
    '; set ANTHROPIC_COMPLIANCE_ACCESS_KEY, or the file that ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE names, to a valid Compliance Access Key',
};
const refused = (remedy: string): Stop => ({ type: FailureType.apiRefused, remedy });

const stops: Partial<Record<ApiErrorKind, Stop>> = {
  unauthorized: wrongKey,
  'key-expired': wrongKey,
  'key-deactivated': {
    type: FailureType.unauthorized,
    remedy: ' (or set another one in ANTHROPIC_COMPLIANCE_ACCESS_KEY); the next sync then goes on where this one was',
  },
  unauthenticated: {
    ...wrongKey,
    remedy: `${wrongKey.remedy} (sk-ant-api01-...), and see that whatever stands at ANTHROPIC_BASE_URL passes the header on`,
  },
  forbidden: {
    type: FailureType.forbidden,
    remedy: '; scopes cannot be added to a key: make a new Compliance Access Key with the scope',
  },
  'foreign-organization': {
    type: FailureType.forbidden,
    remedy: '; take out of ORGANIZATION_IDS what is not of this key, or make a key of the parent organization',
  },
  'api-disabled': refused('; the next sync then goes on where this one was'),
  'version-refused': refused('; a newer build of this product may send one that it takes'),
  'unknown-parameter': refused('; is an older server, or a gateway that filters, behind ANTHROPIC_BASE_URL?'),
  'cursor-refused': refused(''),
};

/** What an error is that no request of its kind will get past. */
const stopOf = (kind: ApiErrorKind): Stop =>
  stops[kind] ?? refused('; is ANTHROPIC_BASE_URL right, and a Compliance API behind it?');
