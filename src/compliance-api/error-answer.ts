import { z } from 'zod';
import { ApiError, apiErrorTypes, scopes, type ApiErrorFacts, type Scope } from './errors';
import { parameterIn } from './query';
import type { FailureKind } from '../domain/failure-kinds';

const errorBodySchema = z.object({
  error: z.object({
    type: z.enum(apiErrorTypes).optional().catch(undefined),
    message: z.string().optional().catch(undefined),
    details: z
      .object({ error_code: z.string().optional().catch(undefined) })
      .optional()
      .catch(undefined),
  }),
});

/** An answer whose status is not a success. */
export interface Refusal extends ApiErrorFacts {
  status: number;
  /** The `x-should-retry` header. */
  shouldRetry: string | undefined;
  /** The id in the path: a chat's, or an organization's UUID. */
  id: string | undefined;
}

/**
 * The error for an answer whose status is not a success. Its kind follows from the status and `error.type`, then from
 * `error.details.error_code`, then from the message, as the API's documentation says; the message is not quoted.
 * @param json The answer's body; undefined if it could not be read.
 */
export function toApiError({ shouldRetry, id, ...facts }: Refusal, json: unknown): ApiError {
  const { error } = errorBodySchema.safeParse(json).data ?? {};
  const { type: errorType, message = '', details } = error ?? {};
  const code = details?.error_code;
  const words = code?.replaceAll('_', ' ') ?? '';
  const text = `${words}: ${message}`.replace(/^: /, '');
  const said: Said = { ...facts, errorType, text, message: message.trim() || words, shouldRetry, id };
  const kind = kindOf(said);
  return new ApiError(kind, {
    ...facts,
    errorType,
    errorCode: code !== undefined && /^[a-z][a-z0-9_]{1,63}$/.test(code) ? code : undefined,
    parameter: kind === 'unknown-parameter' ? parameterIn(text) : undefined,
    missingScopes: kind === 'forbidden' ? neededScopes(message) : undefined,
  });
}

/** What an answer says, with the server's own text, which must not leave this file. */
interface Said extends Refusal {
  /** The error code and the message. */
  text: string;
  /** The message alone, or the code where there is none. */
  message: string;
}

function kindOf(said: Said): FailureKind {
  const { status, text, endpoint, shouldRetry } = said;
  if (status < 400) return 'redirect';
  if (status === 429) return 'rate-limited';
  // 408 Request Timeout and 425 Too Early come from gateways and may pass.
  if (status === 408 || status === 425) return 'overloaded';
  if (status < 500) {
    if (DISABLED.test(text)) return 'api-disabled';
    if (status === 401) return keyKind(text);
    if (status === 403) return forbiddenKind(text);
    if (status === 404) return notFoundKind(said);
    return status === 400 ? badRequestKind(text) : (OTHERS[status] ?? 'refused');
  }
  if (shouldRetry === 'false' && (status === 500 || endpoint === 'messages')) return 'never';
  return status === 502 || status === 503 || status === 504 || status === 529 ? 'overloaded' : 'server-error';
}

const OTHERS: Partial<Record<number, FailureKind>> = { 405: 'method-refused', 410: 'gone-for-good', 451: 'withheld' };

/** "Compliance API is not enabled for this organization" */
const DISABLED = /compliance api\b.*\b(not (been )?(enabled|available)|disabled|available|turned off|switched off)/i;

/** "API key is invalid.", "API key has been deactivated.", "API key has expired." */
function keyKind(text: string): FailureKind {
  if (/deactivated|disabled/i.test(text)) return 'key-deactivated';
  return /expired/i.test(text) ? 'key-expired' : 'unauthorized';
}

/** "Cannot query compliance data for organizations outside this API key's scope" */
function forbiddenKind(text: string): FailureKind {
  if (/\borgani[sz]ations?\b.*\boutside\b/i.test(text)) return 'foreign-organization';
  return /\b(ip|allow-?list|network)\b/i.test(text) ? 'address-refused' : 'forbidden';
}

function badRequestKind(text: string): FailureKind {
  if (/anthropic-version/i.test(text)) return 'version-refused';
  if (/\b(unknown|unrecogni[sz]ed|unexpected|unsupported) (query )?parameter/i.test(text)) return 'unknown-parameter';
  if (/\bcursor\b|\b(after|before)_id\b|\bnext_page\b|\bpage[ _]?token\b/i.test(text)) return 'cursor-refused';
  if (text === '' || (OF_THE_FORM.test(text) && !OF_A_VALUE.test(text))) return 'query-refused';
  return 'bad-request';
}

/** Which parameters are needed or go together: "user_ids[] is required", "... cannot be combined with order_by". */
const OF_THE_FORM =
  /\b(user_ids|order_by|updated_at|created_at)\b.*\b(requires?d?|must|needs?|without|with|only|missing|(un)?supported|allowed|permitted)\b|\b(at least one|without|requires?|specify|provide)\b.*\b(user_ids|users?)\b/i;
/** What is wrong with one parameter's value: that says nothing about the listing mode. */
const OF_A_VALUE =
  /\b(invalid|malformed|valid|format|pars\w+|rfc|iso|time ?zones?|range|future|past|than|earlier|later|older|newer|days?|active|suspended|locked|retention)\b/i;

/**
 * Sorts a 404. Only a resource that the message names is gone for certain: "Chat conversation not found: '...'", or on
 * older servers "Chat ... not found.". The bare "Not found" means no authentication, or no such path.
 */
function notFoundKind({ errorType, message, id, endpoint }: Said): FailureKind {
  if (errorType !== 'not_found_error') return 'not-the-api';
  const speaksOfIt = endpoint === 'messages' ? /^chat\b/i : endpoint === 'users' ? /^organi[sz]ation\b/i : /$^/;
  if (/^(not found)?\.?$/i.test(message)) return 'unauthenticated';
  if (id === undefined || id === '' || !speaksOfIt.test(message)) return 'unnamed-404';
  if (NAMED_AND_GONE.test(message.replace(id, ID))) return 'not-found';
  return GONE.test(message) ? 'perhaps-gone' : 'unnamed-404';
}

const ID = '\0';
/** The whole sentence has to match: if something else is missing, as a key or an owner, the chat need not be gone. */
const NAMED_AND_GONE =
  /^(chat|organi[sz]ation)( conversation)?( not found: ['"`‘“]?\0['"`’”]?|( with id)? ['"`‘“]?\0['"`’”]? (was )?not found)\.?$/i;
/** The same without the id. */
const GONE = /^(chat|organi[sz]ation)( conversation)? (was )?not found\.?$/i;

// "Got: [...] Needed one of: [...]"
function neededScopes(message: string): Scope[] {
  const needed = message.slice(message.lastIndexOf('Needed') + 1);
  return message.includes('Needed') ? scopes.filter((scope) => needed.includes(scope)) : [];
}
