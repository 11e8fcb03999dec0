import { z } from 'zod';

export const time = z.iso.datetime();
export const count = z.int().nonnegative();

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
