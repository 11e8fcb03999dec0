/** Names that workflows, worker and clients agree on. Imports nothing: it is part of the workflow bundle. */

export const DEFAULT_TEMPORAL_ADDRESS = 'localhost:7233';

/** The id of the source's workflow: a chain of runs, one sync each. */
export const chatSyncWorkflowId = (source: string): string => `chat-sync/${source}`;

/** The id of a request for a sync; Temporal's Schedule appends a time in the same way. */
export const requestSyncWorkflowId = (source: string, time?: string): string =>
  time === undefined ? `request-sync/${source}` : `request-sync/${source}-${time}`;

export const scheduleId = (source: string): string => `chat-sync/${source}`;

/** The queue of the workflows, and of the activities that do not call the API. */
export const syncTaskQueue = (source: string): string => `chat-sync-${source}`;

/** The queue of the activities that call the Compliance API, and of no others: it is rate-limited. */
export const apiTaskQueue = (source: string): string => `chat-sync-${source}-api`;

/** The chain of a destination. @param destination Its name in DESTINATIONS. */
export const deliveryWorkflowId = (source: string, destination: string): string => `chat-sync/${source}/${destination}`;

/** The verification of a source. */
export const verificationWorkflowId = (source: string): string => `verify/${source}`;

/** The queue of one destination's deliveries, so that a slow one holds nothing of the others or of the sync. */
export const deliveryTaskQueue = (source: string, destination: string): string => `chat-sync/${source}/${destination}`;

/** The most requests under way at once: they keep the rate while an answer takes half a minute or less. */
export const mostUnderWay = (requestsPerSecond: number): number => Math.min(600, Math.ceil(requestsPerSecond * 30));

/** A chat or list that fails for this long, while other requests are served, is given up. */
export const HOPELESS_MS = 3 * 60_000;

/** The `type` of each ApplicationFailure of this product, as the history and the Web UI show it. */
export const FailureType = {
  /** 401: the key is missing, unknown or revoked. Ends the sync. */
  unauthorized: 'Unauthorized',
  /** 403: the key lacks a scope. Ends the sync. */
  forbidden: 'Forbidden',
  /** The API refuses a request, or answers a list with something else. Ends the sync. */
  apiRefused: 'ApiRefused',
  /** A chat that can never be read. Ends the sync after the other listed chats, or is parked (`ON_CHAT_FAILURE`). */
  chatUnreadable: 'ChatUnreadable',
  /** Most of the listed chats are gone when read: the list, or the key, is another tenant's. Ends the sync. */
  chatsGone: 'ChatsGone',
  /** The key's file holds no key at the moment: retried until it does. */
  noKey: 'NoKey',
  /** 5xx, network errors, truncated answers: retried until they pass. */
  apiUnavailable: 'ApiUnavailable',
  /** 429, or no turn of the pacer soon enough: retried when the API allows. */
  rateLimited: 'RateLimited',
  /** The archive cannot take or find a batch: retried until an operator has mended it. */
  archiveUnavailable: 'ArchiveUnavailable',
  /** A destination is away, refuses its credentials, or takes nothing: retried until it does. */
  destinationUnavailable: 'DestinationUnavailable',
  /** The archive's ledger and the timestamp disagree. Ends the sync until `rewind`. */
  ledgerDisagrees: 'LedgerDisagrees',
  /** The requested sync has not ended yet, which is expected: retried. */
  notYet: 'NotYet',
  /** Temporal is away or busy, as seen by an activity that calls it: retried. */
  temporalUnavailable: 'TemporalUnavailable',
  /** `requestSync` fails with this when its sync failed; details[0] is the report. */
  syncFailed: 'SyncFailed',
  /** A bug of this product. The message holds the error's class only. */
  unexpected: 'Unexpected',
} as const;
export type FailureType = (typeof FailureType)[keyof typeof FailureType];
