import type { Dispatcher } from 'undici';

export type Headers = Dispatcher.ResponseData['headers'];

const minRetryAfterMs = 1_000;
const maxRetryAfterMs = 600_000;

/** The value of a header; the first one if it is repeated. */
export function first(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Reads a `retry-after`, in seconds or as a date: ms from `fromMs`, limited to between a second and ten minutes. */
export function retryAfter(text: string | undefined, fromMs: number): number | undefined {
  if (text === undefined) return undefined;
  const at = httpDate(text);
  const ms = at !== undefined ? at - fromMs : /^\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) * 1000 : undefined;
  return ms === undefined ? undefined : Math.min(Math.max(ms, minRetryAfterMs), maxRetryAfterMs);
}

/** Reads a `Date` header: ms since 1970. `Date.parse` alone accepts almost any text ('1' is the year 2001). */
export function httpDate(text: string | undefined): number | undefined {
  if (text === undefined || !/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text))
    return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
