import { z } from 'zod';
import type { Policy } from '../config/policy';
import { checkpointSchema, count, time } from './checkpoint';

/** A sync's figures for its window, over all its runs. */
export const countersSchema = z.object({
  chats: count,
  messages: count,
  requests: count,
  gone: count,
  skipped: count,
  /** Messages newer than their chat's `updated_at`: the argument for exactly-once rests on there being none. */
  violations: count,
  /** Messages that came again with another content: the first one counts. */
  conflicts: count,
  /** Chats that changed in the window without a message of it: moved, or with messages that surfaced late. */
  unexplained: count,
});
export type Counters = z.infer<typeof countersSchema>;

export const windowSchema = z.object({ epoch: count, from: time, to: time, archive: z.string().optional() });

/** A window that is not committed yet. */
export const unfinishedSchema = z.object({
  window: windowSchema,
  checkpoint: checkpointSchema.nullable(),
  counters: countersSchema,
  /** Parked chats that the sync will still try. */
  toRetry: z.array(z.string()),
  warnings: z.array(z.string()),
  /** Why the last sync of this window ended early; empty while the first one runs. */
  reason: z.string(),
  /** Of chats that a run of this sync called off: for how long they failed while others were read, ms. Not in the memo. */
  failing: z.record(z.string(), count).optional(),
});
export type Unfinished = z.infer<typeof unfinishedSchema>;

/** What ended a sync early, for machines: the reason says the same in words. */
const failureSchema = z.object({
  /** A `FailureType`, or `Cancelled`. */
  type: z.string(),
  /** The chats that could not be read: the first few. */
  chatIds: z.array(z.string()),
  /** The API's, of the request that failed. */
  requestId: z.string().nullable(),
});
export type Failure = z.infer<typeof failureSchema>;

/** How a sync ended, as `sync --json` prints it (but for `n`). */
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
});
export type Report = z.infer<typeof reportSchema>;

/** A chat that could not be read, with the span of its messages that are missing. */
const parkedSchema = z.object({
  chatId: z.string(),
  from: time,
  to: time,
  reason: z.string(),
  since: time,
  /** How many records to ask for at once: it failed with more. Not in the memo. */
  limit: z.int().positive().optional(),
});
export type Parked = z.infer<typeof parkedSchema>;

const pausedSchema = z.object({ reason: z.string(), since: time });

/** What a source's state and its memo have in common. */
export const chatSyncShape = {
  v: z.literal(1),
  source: z.string(),
  /** Raised by `rewind` to its time (ms): windows of one epoch follow each other without gap or overlap. */
  epoch: count,
  /** The id of the update that did so last. */
  rewoundBy: z.string().optional(),
  /** How many syncs have ended. The one that runs, or is asked for next, is n + 1. */
  n: count,
  /** The timestamp: every message created before it is in the sink. Moves only when a window was committed. */
  syncedThrough: time.nullable(),
  /** When a sync completed last. */
  lastSuccessAt: time.optional(),
  /** Where the source really began: the first window's start, or that of an earlier one that a rewind brought. */
  since: time.optional(),
  /** Hash of the filters that the last completed sync followed. */
  filters: z.string().optional(),
  /** The sink that the last completed sync wrote to; absent since a rewind, when it may be a new one, and in states of older builds. */
  sink: z.string().optional(),
  /**
   * The archive that the source writes, by the id in its marker; absent since a rewind, which may begin a new one or take one
   * over. `held`: the marker was seen there, so that a place without it is not the archive.
   */
  archive: z.object({ id: z.string(), held: z.boolean() }).optional(),
  /** Chats that were published: as long as one of them can be read, key and server are the right ones. */
  witnesses: z.array(z.string()).optional(),
  unfinished: unfinishedSchema.optional(),
  /** A window that `rewind` gave up and that the ledger does not know of yet. */
  abandoned: windowSchema.optional(),
  /** At most 200, and no more than the memo has room for. */
  parked: z.array(parkedSchema),
  paused: pausedSchema.optional(),
  /** The last twenty. */
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
