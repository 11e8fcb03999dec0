import { FailureType } from '../contract';

/**
 * What to do about a failed request. `later`: try again, it may pass. `gone`: the chat no longer exists, which is not an
 * error. `never`: this chat can never be read. `stop`: no request of this kind will work until somebody mends something.
 */
export type Recovery = 'later' | 'gone' | 'never' | 'stop';

/** What a kind of failed request means, and how it is handled. No other place decides this. */
interface Meaning {
  /** The description for an operator. */
  says: string;
  /** The recovery if the request was for a list. */
  onList: Recovery;
  /** The recovery if the request was for a chat's messages. */
  onMessages: Recovery;
  /**
   * How many of these answers in a row are believed: a proxy may have sent a single one. A chat's refusal is also
   * compared with other requests first (activities/attempt-memory.ts).
   */
  believed: number;
  /** Whether an HTTP request was sent at all. */
  sends: boolean;
  /** Whether the failure says anything about the resource that was asked for. */
  counts: boolean;
  /** The type of the ApplicationFailure when this ends the sync, or while it is retried. */
  type: FailureType;
  /** What an operator can do when this ends the sync; follows `says`. */
  remedy: string;
}

const SET_A_KEY =
  '; set ANTHROPIC_COMPLIANCE_ACCESS_KEY, or the file that ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE names, to a valid Compliance Access Key';

const kinds = {
  // An editor that saves, or a secret being rotated, leaves no valid key for a moment.
  'no-key': {
    says: 'waiting for an access key: there is none, or it is not one',
    ...{ onList: 'later', onMessages: 'later' },
    type: FailureType.noKey,
    sends: false,
    counts: false,
  },
  unauthorized: {
    says: 'the access key is unknown or revoked',
    onList: 'stop',
    onMessages: 'never',
    believed: 2,
    type: FailureType.unauthorized,
    remedy: SET_A_KEY,
  },
  'key-deactivated': {
    says: 'the access key is deactivated; once it is enabled again, the same key works',
    ...{ onList: 'stop', onMessages: 'never', believed: 2 },
    type: FailureType.unauthorized,
    remedy: ' (or set another one in ANTHROPIC_COMPLIANCE_ACCESS_KEY); the next sync then goes on where this one was',
  },
  'key-expired': {
    says: 'the access key has expired',
    onList: 'stop',
    onMessages: 'never',
    believed: 2,
    type: FailureType.unauthorized,
    remedy: SET_A_KEY,
  },
  // The API answers a bare "Not found" to a request without a key; it says nothing about the resource.
  unauthenticated: {
    says:
      'the server took the request for one without a key: the key is of another kind, something on the way drops the ' +
      'header x-api-key, or there is no such path',
    ...{ onList: 'stop', onMessages: 'never', believed: 2 },
    type: FailureType.unauthorized,
    remedy: `${SET_A_KEY} (sk-ant-api01-...), and see that whatever stands at ANTHROPIC_BASE_URL passes the header on`,
  },
  forbidden: {
    says: 'the access key lacks a scope',
    onList: 'stop',
    onMessages: 'never',
    believed: 2,
    type: FailureType.forbidden,
    remedy: '; scopes cannot be added to a key: make a new Compliance Access Key with the scope',
  },
  'foreign-organization': {
    says: "an organization is outside the access key's reach",
    ...{ onList: 'stop', onMessages: 'never', believed: 2 },
    type: FailureType.forbidden,
    remedy: '; take out of ORGANIZATION_IDS what is not of this key, or make a key of the parent organization',
  },
  'address-refused': {
    says: "the server takes no requests from this worker's address",
    ...{ onList: 'stop', onMessages: 'never', believed: 2 },
    type: FailureType.forbidden,
    remedy: '; put the address that the worker (or its proxy) comes from on the allow list in claude.ai',
  },
  'api-disabled': {
    says: 'the Compliance API is switched off for this organization; an owner switches it on in its settings',
    ...{ onList: 'stop', onMessages: 'stop' },
    remedy: '; the next sync then goes on where this one was',
  },
  'version-refused': {
    says: 'the server does not take this anthropic-version',
    onList: 'stop',
    onMessages: 'stop',
    remedy: '; a newer build of this product may send one that it takes',
  },
  'unknown-parameter': {
    says: 'the server does not know a parameter',
    onList: 'stop',
    onMessages: 'stop',
    remedy: '; is an older server, or a gateway that filters, behind ANTHROPIC_BASE_URL?',
  },
  'cursor-refused': { says: 'the server refuses its own cursor', onList: 'stop', onMessages: 'never', remedy: '' },
  'query-refused': {
    says: 'the server does not take these parameters together',
    ...{ onList: 'stop', onMessages: 'never', believed: 2 },
  },
  // `.` and `..` are path steps, and a lone surrogate has no URL encoding.
  'no-path': {
    says: 'its id cannot be part of a URL',
    onList: 'stop',
    onMessages: 'never',
    sends: false,
    counts: false,
  },
  'bad-request': {
    says: 'the server refused the request as invalid',
    ...{ onList: 'stop', onMessages: 'never', believed: 2 },
  },
  // A 410 does not prove that a chat is gone: the API reports that as a 404 that names the chat.
  'gone-for-good': {
    says: 'a 410, which is not how the API says that something is gone',
    ...{ onList: 'stop', onMessages: 'never', believed: 2 },
  },
  withheld: {
    says: 'a 451: the server may not hand it out for legal reasons',
    ...{ onList: 'stop', onMessages: 'never', believed: 2 },
  },
  'method-refused': {
    says: 'the server takes no GET here; look for a gateway in front of the API',
    ...{ onList: 'stop', onMessages: 'never', believed: 2 },
  },
  refused: { says: 'the server refused the request', ...{ onList: 'stop', onMessages: 'never', believed: 2 } },
  'not-found': { says: 'it is gone', onList: 'gone', onMessages: 'gone' },
  // A 404 of the API that names no chat: taken for gone once the key is known to be accepted.
  'perhaps-gone': { says: 'it seems to be gone', onList: 'gone', onMessages: 'gone', believed: 2 },
  'unnamed-404': {
    says: 'a 404 that does not say what is gone',
    ...{ onList: 'stop', onMessages: 'never', believed: 2 },
  },
  // A 404 from a gateway without a route must not count as a deleted chat.
  'not-the-api': { says: 'a 404 that the API did not send', onList: 'stop', onMessages: 'never', believed: 5 },
  redirect: { says: 'the server redirects; the base URL is wrong', onList: 'stop', onMessages: 'never', believed: 5 },
  never: {
    says: 'the server says that it will always fail',
    ...{ onList: 'stop', onMessages: 'never', believed: 2 },
  },
  'not-json': {
    says: 'the answer is not JSON, or not in UTF-8; look for a proxy or a login page in front of the API',
    ...{ onList: 'stop', onMessages: 'never', believed: 5 },
  },
  empty: {
    says: 'the answer is empty; look for a proxy in front of the API',
    ...{ onList: 'stop', onMessages: 'never', believed: 5 },
  },
  'unknown-encoding': {
    says: 'the answer is compressed in a way that is not known, or not as it says; look for a proxy in front of the API',
    ...{ onList: 'stop', onMessages: 'never', believed: 5 },
  },
  'unexpected-shape': {
    says: 'the answer is not what was promised',
    ...{ onList: 'stop', onMessages: 'never', believed: 5 },
  },
  'rate-limited': {
    says: 'too many requests',
    onList: 'later',
    onMessages: 'later',
    type: FailureType.rateLimited,
    counts: false,
  },
  overloaded: { says: 'the server is overloaded or away', onList: 'later', onMessages: 'later' },
  'server-error': { says: 'the server failed', onList: 'later', onMessages: 'later' },
  network: { says: 'the server could not be reached', onList: 'later', onMessages: 'later' },
  timeout: { says: 'the server took too long', onList: 'later', onMessages: 'later' },
  'cut-short': { says: 'the answer was cut short', onList: 'later', onMessages: 'later' },
  'too-large': { says: 'the answer is larger than the cap; ask for fewer', onList: 'later', onMessages: 'later' },
  'no-room': { says: 'other large answers fill the memory', onList: 'later', onMessages: 'later', counts: false },
  'not-our-turn': {
    says: 'the rate limit lets no request start now',
    onList: 'later',
    onMessages: 'later',
    type: FailureType.rateLimited,
    sends: false,
    counts: false,
  },
} as const satisfies Record<string, Pick<Meaning, 'says' | 'onList' | 'onMessages'> & Partial<Meaning>>;

export type FailureKind = keyof typeof kinds;

const usual = {
  believed: 1,
  sends: true,
  counts: true,
  remedy: '; is ANTHROPIC_BASE_URL right, and a Compliance API behind it?',
};

/** Looks up a kind's meaning, with the defaults filled in. */
export function meaningOf(kind: FailureKind): Meaning {
  const row: Pick<Meaning, 'says' | 'onList' | 'onMessages'> & Partial<Meaning> = kinds[kind];
  const type = row.onList === 'later' ? FailureType.apiUnavailable : FailureType.apiRefused;
  return { ...usual, type, ...row };
}

export const isFailureKind = (kind: string): kind is FailureKind => Object.hasOwn(kinds, kind);

/** Whether the server rejects the key itself. */
export const isAboutTheKey = (kind: FailureKind): boolean => meaningOf(kind).type === FailureType.unauthorized;
