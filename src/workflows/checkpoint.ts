import type { ChatList, Checkpoint, ListingMode, UsersPage } from '../domain/checkpoint';
import { isOrganizationWide } from '../domain/listing';
import { asksAgain, chatList, nameOf, withList, withoutEnded } from './chat-lists';

/** The API's limit on `user_ids[]`. */
const USERS_PER_LIST = 10;

/** The checkpoint at the start of a window. */
export const beginning = (
  mode: ListingMode,
  { fingerprint, refusals = [], why = null }: Pick<Checkpoint, 'fingerprint'> & Partial<Checkpoint>,
): Checkpoint => ({
  mode,
  why,
  refusals,
  accepted: false,
  lists: isOrganizationWide(mode) ? [chatList([], null)] : [],
  users: { current: null, last: null, next: null },
  requestId: null,
  fingerprint,
});

/** The checkpoint of a window that the archive has closed already: nothing is left to walk. */
export const ending = ({ fingerprint }: { fingerprint: string }, before: Checkpoint | null): Checkpoint => ({
  ...beginning('organization', { fingerprint }),
  lists: [],
  requestId: before?.requestId ?? null,
  firstRequestId: before?.firstRequestId,
});

/** The checkpoint for the next sync of the window: earlier refusals no longer count. */
export const takenUpAgain = (checkpoint: Checkpoint): Checkpoint => {
  // Somebody's chats were passed over: they may be there by now.
  if (checkpoint.users.odd !== undefined) return { ...again(checkpoint), refusals: [] };
  const { next } = checkpoint.users;
  return {
    ...checkpoint,
    refusals: [],
    accepted: false,
    lists: checkpoint.lists.map((list) => ({ ...list, restarted: undefined, resumedAt: undefined, trail: undefined })),
    users: {
      ...checkpoint.users,
      next: next && next.after !== null ? { ...next, page: null } : next,
      resumed: undefined,
      trail: undefined,
    },
  };
};

/** Adds a page of users, ten to a list, without those in a list already (as members of another organization). */
export const withUsers = (
  checkpoint: Checkpoint,
  current: UsersPage,
  userIds: string[],
  next: UsersPage | null,
): Checkpoint => {
  const { users, lists } = checkpoint;
  const walked = new Set(lists.flatMap((list) => list.userIds));
  const ids = [...new Set(userIds)].filter((userId) => !walked.has(userId));
  const more: ChatList[] = [];
  for (let i = 0; i < ids.length; i += USERS_PER_LIST) {
    more.push(chatList(ids.slice(i, i + USERS_PER_LIST), { page: current, lastBefore: users.last }));
  }
  return {
    ...checkpoint,
    lists: [...lists, ...more],
    users: { ...users, current, last: userIds.at(-1) ?? users.last, next },
  };
};

/**
 * Asks no more for a list that fails while others do not. Of several users it may be one: each gets a list of their own, in
 * its place. One user's list is passed over, and the sync fails once all others were read.
 */
export function withoutList(checkpoint: Checkpoint, failed: ChatList, said: string): Checkpoint {
  const { lists } = withList(checkpoint, failed, (list) => ({ ...list, hasMore: false, trail: undefined }));
  const [userId = '', ...others] = failed.userIds;
  if (others.length === 0) {
    const odd = checkpoint.users.odd ?? `chats of user ${userId}: ${said}`;
    return withoutEnded({ ...checkpoint, lists, users: { ...checkpoint.users, odd } });
  }
  // The lists stay in the order of their users: where the first one is, a source goes on that has only its memo left.
  const alone = failed.userIds.map((id) => chatList([id], failed.of));
  const split = lists.flatMap((list) => (nameOf(list) === nameOf(failed) ? [list, ...alone] : [list]));
  return withoutEnded({ ...checkpoint, lists: split });
}

/** Asks for a list from the window's start again; its chats that were not read yet stay on it. */
export const listedAnew = (checkpoint: Checkpoint, list: ChatList): Checkpoint =>
  withList(checkpoint, list, ({ userIds, of, pages }) => ({ ...chatList(userIds, of), pages }));

/** The checkpoint back at the window's start, in the same listing mode. */
export const again = (checkpoint: Checkpoint): Checkpoint => {
  const { mode, why, refusals, requestId, firstRequestId } = checkpoint;
  return { ...beginning(mode, { fingerprint: checkpoint.fingerprint, refusals, why }), requestId, firstRequestId };
};

/** The checkpoint for the memo: the request of the first unpublished page, of chats or of users, and not its ids. */
export function condensed(checkpoint: Checkpoint): Checkpoint {
  const { lists, users } = checkpoint;
  const of = lists[0]?.of;
  if (!of) return asksAgain(checkpoint);
  return { ...checkpoint, lists: [], users: { ...users, last: of.lastBefore, next: of.page, trail: undefined } };
}
