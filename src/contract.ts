/** Names that the workflows, the worker and the clients agree on. Imports nothing: it is inside the workflow bundle. */

export const DEFAULT_TEMPORAL_ADDRESS = 'localhost:7233';

/** The source's workflow: a chain of runs, one sync each. */
export const chatSyncWorkflowId = (source: string): string => `chat-sync/${source}`;

/** A request for a sync; Temporal's Schedule appends a time of its own in the same way. */
export const requestSyncWorkflowId = (source: string, time?: string): string =>
  time === undefined ? `request-sync/${source}` : `request-sync/${source}-${time}`;

export const scheduleId = (source: string): string => `chat-sync/${source}`;

/** Workflows, and the activities that talk to Temporal, to the sink or to nobody. */
export const syncTaskQueue = (source: string): string => `chat-sync-${source}`;

/** Every activity that calls the Compliance API, and nothing else: this queue's rate is the API's. */
export const apiTaskQueue = (source: string): string => `chat-sync-${source}-api`;

/** So many requests may be under way at once: the rate is kept while an answer takes half a minute or less. */
export const mostUnderWay = (requestsPerSecond: number): number => Math.min(600, Math.ceil(requestsPerSecond * 30));

/** `type` of each ApplicationFailure of this product: what Temporal's history and the Web UI show. */
export const FailureType = {
  /** 401: the key is missing, unknown or revoked. Ends the sync. */
  unauthorized: 'Unauthorized',
  /** 403: the key lacks a scope. Ends the sync. */
  forbidden: 'Forbidden',
  /** The API refuses what is asked for, or answers a list with something else. Ends the sync. */
  apiRefused: 'ApiRefused',
  /** One chat that can never be read. Ends the sync after the rest of its page (`ON_CHAT_FAILURE`). */
  chatUnreadable: 'ChatUnreadable',
  /** Most of the chats that were listed are gone when they are read: another tenant's list, or key. Ends the sync. */
  chatsGone: 'ChatsGone',
  /** The file that holds the key holds none at the moment: retried until it does. */
  noKey: 'NoKey',
  /** 5xx, network, cut answers: retried until it passes. */
  apiUnavailable: 'ApiUnavailable',
  /** 429, or no turn within reach: retried when the API allows. */
  rateLimited: 'RateLimited',
  /** The sink cannot take or find a batch: retried until an operator has mended it. */
  sinkUnavailable: 'SinkUnavailable',
  /** This worker runs with another `SINK` than the sync began with: retried, for another worker to take. */
  wrongSink: 'WrongSink',
  /** The sink's ledger and the timestamp do not fit together. Ends the sync until `rewind`. */
  ledgerDisagrees: 'LedgerDisagrees',
  /** The sync that was asked for has not ended yet: retried, expected. */
  notYet: 'NotYet',
  /** Temporal itself is away or busy, as seen by an activity that asks it: retried. */
  temporalUnavailable: 'TemporalUnavailable',
  /** `requestSync` fails with this when its sync failed; details[0] is the report. */
  syncFailed: 'SyncFailed',
  /** A bug of this product. The message holds the error's class and no more. */
  unexpected: 'Unexpected',
} as const;
export type FailureType = (typeof FailureType)[keyof typeof FailureType];
