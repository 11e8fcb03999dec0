import { z } from 'zod';

export const time = z.iso.datetime();
export const count = z.int().nonnegative();

/**
 * How chats are listed: in one list sorted by `updated_at`, or in lists of ten users (older servers); by creation to count them,
 * whenever they changed.
 */
export const listingModeSchema = z.enum([
  'organization',
  'per-user',
  'per-user-by-creation',
  'organization-by-creation',
]);
export type ListingMode = z.infer<typeof listingModeSchema>;

/** State of the cycle detection over a list's pages (workflows/trail.ts): a remembered page, and the steps since. */
const trailSchema = z.object({
  cursor: z.string().nullable(),
  place: z.string().nullable(),
  steps: count,
  mark: count,
  emptyPages: count,
  item: z.string().nullable().optional(),
  repeats: count.optional(),
});
export type Trail = z.infer<typeof trailSchema>;

/** A page of an organization's users; `organization` is null for the users that the policy names. */
const usersPageSchema = z.object({
  organization: z.string().nullable(),
  page: z.string().nullable(),
  /** Users up to this one are skipped: they were walked before the server refused a cursor. */
  after: z.string().nullable(),
});
export type UsersPage = z.infer<typeof usersPageSchema>;

/** A list of chats that is being walked, or waits its turn: all users' chats, or those of up to ten users. */
const chatListSchema = z.object({
  /** At most 10 (the API's limit); empty: all users. */
  userIds: z.array(z.string()),
  /** The page that named these users, and the last user of the page before it; null: all users. */
  of: z.object({ page: usersPageSchema, lastBefore: z.string().nullable() }).nullable(),
  /** The list's cursor; null before the first page, and after a refused cursor: then the walk goes on from `at`. */
  afterId: z.string().nullable(),
  /** The sort key (`updated_at` or `created_at`) of the last chat listed, cut to the whole second. */
  at: time.nullable(),
  /**
   * Listed pages with unpublished chats (`left`), oldest first, short ones merged. `afterId` and `at` are those of the
   * page's request: a source restored from its memo lists again from there.
   */
  pages: z.array(z.object({ afterId: z.string().nullable(), at: time.nullable(), left: z.array(z.string()) })),
  hasMore: z.boolean(),
  /** The list was restarted after a refused cursor; after the next refusal it goes on from `at`. */
  restarted: z.boolean().optional(),
  /** The `at` from which the walk last went on after a refused cursor. It must grow, or the walk would loop. */
  resumedAt: time.nullable().optional(),
  trail: trailSchema.optional(),
});
export type ChatList = z.infer<typeof chatListSchema>;

/** The position of the walk over a window's chats. */
export const checkpointSchema = z.object({
  mode: listingModeSchema,
  /** Which listing mode the server refused before this one, and its words; null for the first mode. */
  why: z.string().nullable(),
  /** The modes that the server refused in this sync. */
  refusals: z.array(z.object({ mode: listingModeSchema, reason: z.string() })),
  /** Whether the server has accepted the mode in this sync. */
  accepted: z.boolean(),
  lists: z.array(chatListSchema),
  /** For listing per user: the users' page asked for last, and the page after it in the same organization. */
  users: z.object({
    current: usersPageSchema.nullable(),
    /** The last user added so far. After a refused cursor the walk goes on behind this user. */
    last: z.string().nullable(),
    next: usersPageSchema.nullable(),
    /** After a refused cursor: the `last` user behind which the users were asked for again, and how often. */
    resumed: z.object({ after: z.string().nullable(), times: count }).optional(),
    trail: trailSchema.optional(),
    /** The first malformed item in the lists of users or organizations: the sync fails on it once the walk ends. */
    odd: z.string().optional(),
  }),
  /** The API's request-ids of the last page listed, and of the first. */
  requestId: z.string().nullable(),
  firstRequestId: z.string().nullable().optional(),
  fingerprint: z.string(),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;
