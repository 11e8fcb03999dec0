/** The endpoints of the Compliance API that this project calls; also the metrics' label. */
export type Endpoint = 'organizations' | 'users' | 'chats' | 'messages';

/**
 * What to do about a failed request. `later`: try again, it may pass. `gone`: the chat no longer exists, which is not an
 * error. `never`: this chat can never be read. `stop`: no request of this kind will work until somebody mends something.
 */
export type Recovery = 'later' | 'gone' | 'never' | 'stop';

/**
 * One row for each way a request can fail: what to tell an operator, and the recovery on a list and on a chat's messages.
 * `believed`: only an answer that comes so often in a row is (1 where it is left out). Something between us and the API may
 * have sent it once, and a refusal of one request is asked about before it counts against a chat (see attempt-memory.ts).
 */
const failures = {
  // An editor, or a secret that is swapped, leaves none for a moment.
  'no-key': {
    says: 'waiting for an access key: there is none, or it is not one',
    ...{ onList: 'later', onMessages: 'later' },
  },
  unauthorized: { says: 'the access key is unknown or revoked', onList: 'stop', onMessages: 'never', believed: 2 },
  'key-deactivated': {
    says: 'the access key is deactivated; once it is enabled again, the same key works',
    ...{ onList: 'stop', onMessages: 'never', believed: 2 },
  },
  'key-expired': { says: 'the access key has expired', onList: 'stop', onMessages: 'never', believed: 2 },
  // The API's bare "Not found": it says nothing of the resource.
  unauthenticated: {
    says:
      'the server took the request for one without a key: the key is of another kind, something on the way drops the ' +
      'header x-api-key, or there is no such path',
    ...{ onList: 'stop', onMessages: 'never', believed: 2 },
  },
  forbidden: { says: 'the access key lacks a scope', onList: 'stop', onMessages: 'never', believed: 2 },
  'foreign-organization': {
    says: "an organization is outside the access key's reach",
    ...{ onList: 'stop', onMessages: 'never', believed: 2 },
  },
  'api-disabled': {
    says: 'the Compliance API is switched off for this organization; an owner switches it on in its settings',
    ...{ onList: 'stop', onMessages: 'stop' },
  },
  'version-refused': { says: 'the server does not take this anthropic-version', onList: 'stop', onMessages: 'stop' },
  'unknown-parameter': { says: 'the server does not know a parameter', onList: 'stop', onMessages: 'stop' },
  'cursor-refused': { says: 'the server refuses its own cursor', onList: 'stop', onMessages: 'never' },
  'query-refused': {
    says: 'the server does not take these parameters together',
    ...{ onList: 'stop', onMessages: 'never', believed: 2 },
  },
  // `.` and `..` are steps in a path, half a surrogate pair has no encoding.
  'no-path': { says: 'its id cannot be part of a URL', onList: 'stop', onMessages: 'never' },
  'bad-request': {
    says: 'the server refused the request as invalid',
    ...{ onList: 'stop', onMessages: 'never', believed: 2 },
  },
  'not-found': { says: 'it is gone', onList: 'gone', onMessages: 'gone' },
  // A 404 of the API that names nothing: as good as gone once the key is known to be taken.
  'perhaps-gone': { says: 'it seems to be gone', onList: 'gone', onMessages: 'gone', believed: 2 },
  'unnamed-404': {
    says: 'a 404 that does not say what is gone',
    ...{ onList: 'stop', onMessages: 'never', believed: 2 },
  },
  // A 404 that is not the API's own (a gateway without a route) must not pass for a chat that was deleted.
  'not-the-api': { says: 'a 404 that the API did not send', onList: 'stop', onMessages: 'never', believed: 5 },
  redirect: { says: 'the server redirects; the base URL is wrong', onList: 'stop', onMessages: 'never', believed: 5 },
  never: {
    says: 'the server says that it will always fail',
    ...{ onList: 'stop', onMessages: 'never', believed: 2 },
  },
  'not-json': {
    says: 'the answer is not JSON; look for a proxy or a login page in front of the API',
    ...{ onList: 'stop', onMessages: 'never', believed: 5 },
  },
  'unknown-encoding': {
    says: 'the answer is compressed in a way that is not known; look for a proxy in front of the API',
    ...{ onList: 'stop', onMessages: 'never', believed: 5 },
  },
  'unexpected-shape': {
    says: 'the answer is not what was promised',
    ...{ onList: 'stop', onMessages: 'never', believed: 5 },
  },
  'rate-limited': { says: 'too many requests', onList: 'later', onMessages: 'later' },
  overloaded: { says: 'the server is overloaded or away', onList: 'later', onMessages: 'later' },
  'server-error': { says: 'the server failed', onList: 'later', onMessages: 'later' },
  network: { says: 'the server could not be reached', onList: 'later', onMessages: 'later' },
  timeout: { says: 'the server took too long', onList: 'later', onMessages: 'later' },
  'cut-short': { says: 'the answer was cut short', onList: 'later', onMessages: 'later' },
  'too-large': { says: 'the answer is larger than the cap; ask for fewer', onList: 'later', onMessages: 'later' },
  'no-room': { says: 'other large answers fill the memory', onList: 'later', onMessages: 'later' },
  'not-our-turn': { says: 'the rate limit lets no request start now', onList: 'later', onMessages: 'later' },
} as const satisfies Record<string, { says: string; onList: Recovery; onMessages: Recovery; believed?: number }>;

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
  /** The API's `error.details.error_code`, where it looks like a code. */
  errorCode?: string | undefined;
  /** Which of our parameters the server does not know. */
  parameter?: string | undefined;
  /** On a 403: the documented scopes of which the server needs one. */
  missingScopes?: readonly Scope[] | undefined;
  /** Node's or undici's error code, as `ECONNREFUSED`. */
  code?: string | undefined;
  /** Where the answer is not what was promised, in our own names: as `chat_messages.3.created_at`. */
  at?: string | undefined;
  /** The media type of an answer that is not JSON, as `text/html`. */
  contentType?: string | undefined;
  /** The content coding that is not known, as `zstd`. */
  coding?: string | undefined;
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
  readonly parameter: string | undefined;
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
    this.parameter = facts.parameter;
    this.code = facts.code;
    this.at = facts.at;
  }
}

/** How often in a row this answer has to come before it is believed; 1 is at once. */
export function timesUntilBelieved({ kind }: ApiError): number {
  const row = failures[kind];
  return 'believed' in row ? row.believed : 1;
}

/** Whether the server says of the key that it is none of its own. */
export const isAboutTheKey = ({ kind }: ApiError): boolean =>
  ['unauthorized', 'key-deactivated', 'key-expired', 'unauthenticated'].includes(kind);

/** What to do about this error; the design's sorting, as data. */
export function recoveryOf(error: ApiError): Recovery {
  const { onList, onMessages } = failures[error.kind];
  return error.endpoint === 'messages' ? onMessages : onList;
}

function describe(kind: ApiErrorKind, facts: ApiErrorFacts): string {
  const details = [
    facts.status === undefined ? kind : `${kind}, status ${facts.status}`,
    facts.at === undefined ? undefined : `at ${facts.at}`,
    facts.contentType === undefined ? undefined : `content type ${facts.contentType}`,
    facts.coding === undefined ? undefined : `content encoding ${facts.coding}`,
    goesOn(kind, facts.retryAfterMs),
    facts.errorType,
    facts.errorCode,
    facts.parameter,
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
