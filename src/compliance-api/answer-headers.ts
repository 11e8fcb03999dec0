import type { Dispatcher } from 'undici';

export type Headers = Dispatcher.ResponseData['headers'];

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

const minRetryAfterMs = 1_000;
const maxRetryAfterMs = 600_000;
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

/** The value of a header; the first one if it is repeated. */
export function first(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function retryAfter(text: string | undefined, fromMs: number): number | undefined {
  if (text === undefined) return undefined;
  const at = httpDate(text);
  const ms = at !== undefined ? at - fromMs : /^\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) * 1000 : undefined;
  return ms === undefined ? undefined : Math.min(Math.max(ms, minRetryAfterMs), maxRetryAfterMs);
}

function resetIn(text: string | undefined, fromMs: number): number | undefined {
  if (text === undefined || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text))
    return undefined;
  const ms = Date.parse(text) - fromMs;
  return ms > 0 ? Math.min(ms, maxResetMs) : undefined;
}

// Date.parse alone accepts almost any text ('1' is the year 2001).
function httpDate(text: string | undefined): number | undefined {
  if (text === undefined || !/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text))
    return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
