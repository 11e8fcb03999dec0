import { z } from 'zod';
import type { Policy } from '../config/policy';
import { checkpointSchema, count, time } from './checkpoint';
import { operatorEventSchema } from './operator-events';

/** A sync's figures for its window, summed over all its runs. */
export const countersSchema = z.object({
  chats: count,
  messages: count,
  requests: count,
  gone: count,
  skipped: count,
  /** Messages newer than their chat's `updated_at`; exactly-once delivery assumes there are none. */
  violations: count,
  /** Messages repeated with different content; the first copy was kept. */
  conflicts: count,
  /** Chats whose `updated_at` is in the window but which have no message in it: moved, or a message surfaced late. */
  unexplained: count,
});
export type Counters = z.infer<typeof countersSchema>;

export const windowSchema = z.object({ epoch: count, from: time, to: time, archive: z.string().optional() });

/** A window that is not committed yet. */
export const unfinishedSchema = z.object({
  window: windowSchema,
  checkpoint: checkpointSchema.nullable(),
  counters: countersSchema,
  /** More chats are to be read again than could be taken over when it began. */
  recovers: z.literal(true).optional(),
  /** Parked chats that this sync has yet to try. */
  toRetry: z.array(z.string()),
  warnings: z.array(z.string()),
  /** Why the last sync of this window ended early; empty while the first one runs. */
  reason: z.string(),
  /** Per chat that a run of this sync cancelled: how long it had failed while others were read, ms. Not in the memo. */
  failing: z.record(z.string(), count).optional(),
});
export type Unfinished = z.infer<typeof unfinishedSchema>;

/** What ended a sync early, as data; `reason` says it in words. */
const failureSchema = z.object({
  /** A `FailureType`, or `Cancelled`. */
  type: z.string(),
  /** The first few of the chats that could not be read. */
  chatIds: z.array(z.string()),
  /** The API's request-id of the failed request. */
  requestId: z.string().nullable(),
});
export type Failure = z.infer<typeof failureSchema>;

export const headSchema = z.object({ n: count, sha256: z.string() });

/** How a sync ended; `sync --json` prints it without `n`. */
export const reportSchema = z.object({
  n: count,
  source: z.string(),
  outcome: z.enum(['completed', 'failed', 'refused']),
  from: time.nullable(),
  to: time.nullable(),
  chats: count,
  messages: count,
  requests: count,
  gone: count,
  skipped: count,
  conflicts: count,
  unexplained: count,
  parked: count,
  warnings: z.array(z.string()),
  reason: z.string().optional(),
  failure: failureSchema.optional(),
  /** The window's line of the ledger. */
  head: headSchema.optional(),
  /** The run of the source's workflow in which it ended. */
  runId: z.string().optional(),
});
export type Report = z.infer<typeof reportSchema>;

/** A chat that could not be read, with the span of its missing messages. */
const parkedSchema = z.object({
  chatId: z.string(),
  from: time,
  to: time,
  reason: z.string(),
  since: time,
  /** The page size to use from now on, as larger pages failed. Not in the memo. */
  limit: z.int().positive().optional(),
  /** A comparison with the API found that messages of it are missing: what is in the archive already does not come out again. */
  recover: z.literal(true).optional(),
});
export type Parked = z.infer<typeof parkedSchema>;

const pausedSchema = z.object({ reason: z.string(), since: time });

/** The fields that a source's state and its memo share. */
export const chatSyncShape = {
  v: z.literal(1),
  source: z.string(),
  /** `rewind` sets it to its own time (ms): windows of one epoch follow each other without gap or overlap. */
  epoch: count,
  /** The id of the last `rewind` update. */
  rewoundBy: z.string().optional(),
  /** How many syncs have ended. The running or next sync is n + 1. */
  n: count,
  /** The timestamp: every message created before it is in the archive. Moves on commit of a window, and by `rewind`. */
  syncedThrough: time.nullable(),
  /** When the last completed sync ended. */
  lastSuccessAt: time.optional(),
  /** The earliest time covered: the first window's start, or an earlier one after a rewind. */
  since: time.optional(),
  /** Hash of the filters of the last completed sync. */
  filters: z.string().optional(),
  /** A window was completed since the last rewind, which may begin a new archive. */
  completed: z.literal(true).optional(),
  /**
   * The id in the marker of the archive that the source writes; absent after a rewind, which may begin a new archive or
   * take one over. `held`: the marker has been seen, so a folder without it is not this archive.
   */
  archive: z.object({ id: z.string(), held: z.boolean() }).optional(),
  /** When the last census was begun, by the worker's clock, and the timestamp then; before the first one, those of the first sync. */
  census: z.object({ at: time, through: time }).optional(),
  /** A few published chats: while one of them is readable, the key and the server are the right ones. */
  witnesses: z.array(z.string()).optional(),
  unfinished: unfinishedSchema.optional(),
  /** The last line of the ledger that the source knows: nothing before it can change unnoticed. */
  head: headSchema.optional(),
  /** A window that `rewind` gave up and that the archive's ledger does not record yet. */
  abandoned: windowSchema.optional(),
  /** At most 200, and no more than fit into the memo. */
  parked: z.array(parkedSchema),
  paused: pausedSchema.optional(),
  /** What operators did and the archive's ledger does not hold yet. */
  events: z.array(operatorEventSchema).optional(),
  /** The last twenty reports. */
  reports: z.array(reportSchema),
};

/** A source's whole state: the input of each run of `chatSync`. */
export const stateSchema = z.object({
  ...chatSyncShape,
  running: z.object({ policy: z.custom<Policy>().optional() }).optional(),
});
export type State = z.infer<typeof stateSchema>;

/** A source that has never run. */
export const newState = (source: string): State => ({
  v: 1,
  source,
  epoch: 0,
  n: 0,
  syncedThrough: null,
  parked: [],
  reports: [],
});
