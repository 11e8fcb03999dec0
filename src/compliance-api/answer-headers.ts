import { first, httpDate, retryAfter, type Headers } from '../http/headers';

/** What an answer says about the rate limit. */
export interface RateFacts {
  status: number;
  /** From `retry-after`, limited to between a second and ten minutes. */
  retryAfterMs?: number | undefined;
  /** From `anthropic-ratelimit-requests-remaining`. */
  remaining?: number | undefined;
  /** Time until `anthropic-ratelimit-requests-reset`; above 0. */
  resetInMs?: number | undefined;
}

/** What an answer's headers say; implausible values are left out. */
export interface AnswerFacts extends RateFacts {
  /** The answer's `request-id`; null if there is none, or it does not look like one. */
  requestId: string | null;
  /** The server's clock, ms since 1970, in whole seconds; null without a `Date` header. */
  serverTimeMs: number | null;
}

/** The budget is per minute: a reset further away than this is cut to it. */
const maxResetMs = 120_000;

/** Reads the headers this project uses. Times are relative to the server's own clock, or to `nowMs` without `Date`. */
export function readAnswerHeaders(status: number, headers: Headers, nowMs: number): AnswerFacts {
  const requestId = first(headers, 'request-id');
  const serverTimeMs = httpDate(first(headers, 'date')) ?? null;
  const remaining = first(headers, 'anthropic-ratelimit-requests-remaining');
  return {
    status,
    requestId: requestId !== undefined && /^[\w-]{1,64}$/.test(requestId) ? requestId : null,
    serverTimeMs,
    retryAfterMs: retryAfter(first(headers, 'retry-after'), serverTimeMs ?? nowMs),
    remaining: remaining !== undefined && /^\d{1,9}$/.test(remaining) ? Number(remaining) : undefined,
    resetInMs: resetIn(first(headers, 'anthropic-ratelimit-requests-reset'), serverTimeMs ?? nowMs),
  };
}

function resetIn(text: string | undefined, fromMs: number): number | undefined {
  if (text === undefined || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text))
    return undefined;
  const ms = Date.parse(text) - fromMs;
  return ms > 0 ? Math.min(ms, maxResetMs) : undefined;
}
