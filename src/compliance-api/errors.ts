import { FailureType } from '../contract';
import { meaningOf, type FailureKind, type Recovery } from '../domain/failure-kinds';

/** The endpoints of the Compliance API that this project calls; also the metrics' label. */
export type Endpoint = 'organizations' | 'users' | 'chats' | 'messages';

/** The scopes in the API's documentation. */
export const scopes = ['read:compliance_org_data', 'read:compliance_user_data', 'read:org_audit'] as const;
export type Scope = (typeof scopes)[number];

/** The documented values of `error.type`; any other is dropped. */
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

/** What is known of a failed request: of the server's own text only known words and the request-id. */
export interface ApiErrorFacts {
  endpoint: Endpoint;
  /** HTTP status; absent when no answer came. */
  status?: number | undefined;
  errorType?: ApiErrorType | undefined;
  requestId?: string | null | undefined;
  /** The server's clock (its `Date` header), ms since 1970, or null. */
  serverTimeMs?: number | null | undefined;
  /** How long to wait, as the server or the pacer asks: above 0, at most ten minutes. */
  retryAfterMs?: number | undefined;
  /** The API's `error.details.error_code`, if it looks like a code. */
  errorCode?: string | undefined;
  /** The parameter of ours that the server does not know. */
  parameter?: string | undefined;
  /** On a 403: the documented scopes of which the key needs one. */
  missingScopes?: readonly Scope[] | undefined;
  /** Node's or undici's error code, as `ECONNREFUSED`. */
  code?: string | undefined;
  /** The path at which the answer is not what was promised, by our schemas' names: as `chat_messages.3.created_at`. */
  at?: string | undefined;
  /** The media type of an answer that is not JSON, as `text/html`. */
  contentType?: string | undefined;
  /** The content coding that is not supported, as `zstd`. */
  coding?: string | undefined;
}

/**
 * A failed request to the Compliance API. It has no `cause`, and its message is built from {@link ApiErrorFacts} alone:
 * texts, bodies and parser errors hold conversations, and this error ends up in histories and logs.
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
    readonly kind: FailureKind,
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

/** What to do about this error. */
export function recoveryOf({ endpoint, kind }: ApiError): Recovery {
  const { onList, onMessages } = meaningOf(kind);
  return endpoint === 'messages' ? onMessages : onList;
}

function describe(kind: FailureKind, facts: ApiErrorFacts): string {
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
  return `${facts.endpoint}: ${meaningOf(kind).says} (${details.filter((detail) => detail !== undefined).join(', ')})`;
}

function goesOn(kind: FailureKind, retryAfterMs: number | undefined): string | undefined {
  return meaningOf(kind).type === FailureType.rateLimited && retryAfterMs !== undefined
    ? `again in ${Math.ceil(retryAfterMs / 1000)} s`
    : undefined;
}
