/** The endpoints of the Compliance API that this project calls; also the metrics' label. */
export type Endpoint = 'organizations' | 'users' | 'chats' | 'messages';

/**
 * What to do about a failed request. `later`: try again, it may pass. `gone`: the chat no longer exists, which is not an
 * error. `never`: this chat can never be read. `stop`: no request of this kind will work until somebody mends something.
 */
export type Recovery = 'later' | 'gone' | 'never' | 'stop';

/** One row for each way a request can fail: what to tell an operator, and the recovery on a list and on a chat's messages. */
const failures = {
  // An editor, or a secret that is swapped, leaves none for a moment.
  'no-key': {
    says: 'waiting for an access key: there is none, or it is not one',
    onList: 'later',
    onMessages: 'later',
  },
  unauthorized: { says: 'the access key is missing, unknown or revoked', onList: 'stop', onMessages: 'stop' },
  forbidden: { says: 'the access key lacks a scope', onList: 'stop', onMessages: 'stop' },
  // `.` and `..` are steps in a path, half a surrogate pair has no encoding.
  'no-path': { says: 'its id cannot be part of a URL', onList: 'stop', onMessages: 'never' },
  'bad-request': { says: 'the server refused the request as invalid', onList: 'stop', onMessages: 'never' },
  'not-found': { says: 'there is no such resource', onList: 'stop', onMessages: 'gone' },
  // A 404 that is not the API's own (a gateway without a route) must not pass for a chat that was deleted.
  'not-the-api': { says: 'a 404 that the API did not send', onList: 'stop', onMessages: 'never' },
  redirect: { says: 'the server redirects; the base URL is wrong', onList: 'stop', onMessages: 'stop' },
  never: { says: 'the server says that it will always fail', onList: 'stop', onMessages: 'never' },
  'unexpected-shape': { says: 'the answer is not what was promised', onList: 'stop', onMessages: 'never' },
  'rate-limited': { says: 'too many requests', onList: 'later', onMessages: 'later' },
  overloaded: { says: 'the server is overloaded or away', onList: 'later', onMessages: 'later' },
  'server-error': { says: 'the server failed', onList: 'later', onMessages: 'later' },
  network: { says: 'the server could not be reached', onList: 'later', onMessages: 'later' },
  timeout: { says: 'the server took too long', onList: 'later', onMessages: 'later' },
  'cut-short': { says: 'the answer was cut short or is not JSON', onList: 'later', onMessages: 'later' },
  'too-large': { says: 'the answer is larger than the cap; ask for fewer', onList: 'later', onMessages: 'later' },
  'no-room': { says: 'other large answers fill the memory', onList: 'later', onMessages: 'later' },
  'not-our-turn': { says: 'the rate limit lets no request start now', onList: 'later', onMessages: 'later' },
} as const satisfies Record<string, { says: string; onList: Recovery; onMessages: Recovery }>;

export type ApiErrorKind = keyof typeof failures;

/** Scopes that the documentation names. */
export const scopes = ['read:compliance_org_data', 'read:compliance_user_data', 'read:org_audit'] as const;
export type Scope = (typeof scopes)[number];

/** `error.type` as documented; any other word is not repeated. */
export const apiErrorTypes = [
  'invalid_request_error',
  'authentication_error',
  'permission_error',
  'not_found_error',
  'conflict_error',
  'rate_limit_error',
  'api_error',
  'overloaded_error',
] as const;
export type ApiErrorType = (typeof apiErrorTypes)[number];

/** What is known of a failed request. Nothing here was written by the server but words that we know and its request-id. */
export interface ApiErrorFacts {
  endpoint: Endpoint;
  /** HTTP status; absent when no answer came. */
  status?: number | undefined;
  errorType?: ApiErrorType | undefined;
  requestId?: string | null | undefined;
  /** The server's clock (its `Date` header), ms since 1970, or null. */
  serverTimeMs?: number | null | undefined;
  /** How long the server, or the pacer, asks to wait: above 0, at most ten minutes. */
  retryAfterMs?: number | undefined;
  /** On a 403: the documented scopes of which the server needs one. */
  missingScopes?: readonly Scope[] | undefined;
  /** Node's or undici's error code, as `ECONNREFUSED`. */
  code?: string | undefined;
  /** Where the answer is not what was promised, in our own names: as `chat_messages.3.created_at`. */
  at?: string | undefined;
}

/**
 * A request to the Compliance API that failed, whatever the reason. It has no `cause`, and its message is built from
 * {@link ApiErrorFacts} alone: message texts, bodies and parser errors hold people's conversations, and this travels far.
 */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly endpoint: Endpoint;
  readonly status: number | undefined;
  readonly errorType: ApiErrorType | undefined;
  readonly requestId: string | null;
  readonly serverTimeMs: number | null;
  readonly retryAfterMs: number | undefined;
  readonly missingScopes: readonly Scope[];
  readonly code: string | undefined;
  readonly at: string | undefined;

  constructor(
    readonly kind: ApiErrorKind,
    facts: ApiErrorFacts,
  ) {
    super(describe(kind, facts));
    this.endpoint = facts.endpoint;
    this.status = facts.status;
    this.errorType = facts.errorType;
    this.requestId = facts.requestId ?? null;
    this.serverTimeMs = facts.serverTimeMs ?? null;
    this.retryAfterMs = facts.retryAfterMs;
    this.missingScopes = facts.missingScopes ?? [];
    this.code = facts.code;
    this.at = facts.at;
  }
}

/** What something between us and the API may also have sent, once: believed only when it comes again and again. */
const doubtful: readonly ApiErrorKind[] = ['redirect', 'unexpected-shape', 'not-the-api'];

/** A redirect, an answer of another shape, somebody else's 404: the recovery is what to do when it comes again and again. */
export const isDoubtful = (error: ApiError): boolean => doubtful.includes(error.kind);

/** What to do about this error; the design's sorting, as data. */
export function recoveryOf(error: ApiError): Recovery {
  const { onList, onMessages } = failures[error.kind];
  return error.endpoint === 'messages' ? onMessages : onList;
}

function describe(kind: ApiErrorKind, facts: ApiErrorFacts): string {
  const details = [
    facts.status === undefined ? kind : `${kind}, status ${facts.status}`,
    facts.at === undefined ? undefined : `at ${facts.at}`,
    goesOn(kind, facts.retryAfterMs),
    facts.errorType,
    facts.missingScopes?.length ? `needed: ${facts.missingScopes.join(' or ')}` : undefined,
    facts.code,
    facts.requestId ? `request-id ${facts.requestId}` : undefined,
  ];
  return `${facts.endpoint}: ${failures[kind].says} (${details.filter((detail) => detail !== undefined).join(', ')})`;
}

function goesOn(kind: ApiErrorKind, retryAfterMs: number | undefined): string | undefined {
  const isLimited = kind === 'rate-limited' || kind === 'not-our-turn';
  return isLimited && retryAfterMs !== undefined ? `again in ${Math.ceil(retryAfterMs / 1000)} s` : undefined;
}
