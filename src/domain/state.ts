import { z } from 'zod';
import type { Policy } from '../config/policy';

const time = z.iso.datetime();
const count = z.int().nonnegative();

/** How the chats are listed: all in one list by their change, or ten users at a time (older servers). */
const listingModeSchema = z.enum(['organization', 'per-user', 'per-user-by-creation']);
export type ListingMode = z.infer<typeof listingModeSchema>;

/** What was passed of a list, to notice when it goes in circles: a page of before, and how far it is back. */
const trailSchema = z.object({
  cursor: z.string().nullable(),
  place: z.string().nullable(),
  steps: count,
  mark: count,
  emptyPages: count,
});
export type Trail = z.infer<typeof trailSchema>;

/** A page of an organization's users; `organization` is null for the users that the policy names. */
const usersPageSchema = z.object({
  organization: z.string().nullable(),
  page: z.string().nullable(),
  /** The users up to this one are passed over: they were walked before a cursor was refused. */
  after: z.string().nullable(),
});
export type UsersPage = z.infer<typeof usersPageSchema>;

/** A list of chats that is being walked, or waits for its turn: everyone's, or that of a group of users. */
const chatListSchema = z.object({
  /** At most 10; empty: everyone's. */
  userIds: z.array(z.string()),
  /** The page of users that they are of, and the last user before it; null: everyone's. */
  of: z.object({ page: usersPageSchema, lastBefore: z.string().nullable() }).nullable(),
  /** The list's cursor; null where it was refused or is not there: then the walk goes on from `at`. */
  afterId: z.string().nullable(),
  /** By what the list is sorted, of the last chat listed: on a whole second. */
  at: time.nullable(),
  /**
   * The pages whose chats the sink has not all published yet, oldest first: with what each was asked for, which is where a
   * source begins that has only its memo left, and the chats. Short ones are put together.
   */
  pages: z.array(z.object({ afterId: z.string().nullable(), at: time.nullable(), left: z.array(z.string()) })),
  hasMore: z.boolean(),
  /** A cursor was refused, and the list begun anew: when one is refused again, the walk goes on from `at`. */
  restarted: z.boolean().optional(),
  /** The last `at` from which it did so: each is later than the one before, or it would turn in circles. */
  resumedAt: time.nullable().optional(),
  trail: trailSchema.optional(),
});
export type ChatList = z.infer<typeof chatListSchema>;

/** Where the walk stands. */
export const checkpointSchema = z.object({
  mode: listingModeSchema,
  /** Which mode was refused before it, and in which words; null for the first. */
  why: z.string().nullable(),
  /** What this sync heard from the server of the forms that it refused. */
  refusals: z.array(z.object({ mode: listingModeSchema, reason: z.string() })),
  /** Whether the server has taken the mode in this sync. */
  accepted: z.boolean(),
  /** What is being walked. */
  lists: z.array(chatListSchema),
  /** Per user: the page of users that was asked for last, and the one after it in their organization. */
  users: z.object({
    current: usersPageSchema.nullable(),
    /** The last user of the current page, and of those before it: where the walk goes on when a cursor is refused. */
    last: z.string().nullable(),
    next: usersPageSchema.nullable(),
    /** The `last` after which the users were asked for anew when a cursor was refused, and how often. */
    resumed: z.object({ after: z.string().nullable(), times: count }).optional(),
    trail: trailSchema.optional(),
    /** What is wrong with an item of the users' or organizations' lists: the walk goes on, and then fails. */
    odd: z.string().optional(),
  }),
  /** Of the last page of a list. */
  requestId: z.string().nullable(),
  fingerprint: z.string(),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

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

const chatSyncShape = {
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

const fromSeconds = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** Id, then `from`, `to` and `since` in seconds since 1970, then the reason or its code: short, since there may be many. */
const storedParkedSchema = z
  .tuple([z.string(), z.int(), z.int(), z.int(), z.string()])
  .transform(([chatId, from, to, since, reason]) => ({
    chatId,
    from: fromSeconds(from),
    to: fromSeconds(to),
    reason,
    since: fromSeconds(since),
  }));

/** The state as the workflow's memo holds it (workflows/memo.ts): without what may be long. */
export const memoSchema = z.object({ ...chatSyncShape, parked: z.array(storedParkedSchema), running: z.boolean() });
export type Memo = z.output<typeof memoSchema>;
export type StoredMemo = z.input<typeof memoSchema>;

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
