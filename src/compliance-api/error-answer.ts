import { z } from 'zod';
import { ApiError, apiErrorTypes, scopes, type ApiErrorFacts, type ApiErrorKind, type Scope } from './errors';

const errorBodySchema = z.object({
  error: z.object({
    type: z.enum(apiErrorTypes).optional().catch(undefined),
    message: z.string().optional().catch(undefined),
  }),
});

/**
 * The error for an answer whose status is not a success. The sorting goes by the status and `error.type`, never by the
 * message, in which only the names of missing scopes are looked for.
 * @param json The answer's body; undefined if it had none that could be read.
 */
export function toApiError(
  facts: ApiErrorFacts & { status: number },
  shouldRetry: string | undefined,
  json: unknown,
): ApiError {
  const { error } = errorBodySchema.safeParse(json).data ?? {};
  return new ApiError(kindOf(facts.status, error?.type === 'not_found_error', shouldRetry), {
    ...facts,
    errorType: error?.type,
    missingScopes: facts.status === 403 ? neededScopes(error?.message ?? '') : undefined,
  });
}

function kindOf(status: number, saysNotFound: boolean, shouldRetry: string | undefined): ApiErrorKind {
  if (status < 400) return 'redirect';
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404) return saysNotFound ? 'not-found' : 'not-the-api';
  if (status === 429) return 'rate-limited';
  // Request timeout and "too early": a gateway's way of saying that it may pass.
  if (status === 408 || status === 425) return 'overloaded';
  if (status < 500) return 'bad-request';
  if (status === 500 && shouldRetry === 'false') return 'never';
  return status === 502 || status === 503 || status === 504 || status === 529 ? 'overloaded' : 'server-error';
}

// "Got: [...] Needed one of: [...]"
function neededScopes(message: string): Scope[] {
  const needed = message.slice(message.lastIndexOf('Needed') + 1);
  return message.includes('Needed') ? scopes.filter((scope) => needed.includes(scope)) : [];
}
