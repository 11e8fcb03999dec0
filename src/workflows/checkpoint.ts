import type { ChatList, Checkpoint, ListingMode, UsersPage } from '../domain/checkpoint';
import { asksAgain, chatList, withList, withoutEnded } from './chat-lists';

/** The API takes no more of them in one list. */
const USERS_PER_LIST = 10;

/** The start of a window. */
export const beginning = (
  mode: ListingMode,
  { fingerprint, refusals = [], why = null }: Pick<Checkpoint, 'fingerprint'> & Partial<Checkpoint>,
): Checkpoint => ({
  mode,
  why,
  refusals,
  accepted: false,
  lists: mode === 'organization' ? [chatList([], null)] : [],
  users: { current: null, last: null, next: null },
  requestId: null,
  fingerprint,
});

/** The end of a window that the sink has closed already. */
export const ending = ({ fingerprint }: { fingerprint: string }, before: Checkpoint | null): Checkpoint => ({
  ...beginning('organization', { fingerprint }),
  lists: [],
  requestId: before?.requestId ?? null,
});

/** As another sync takes it up: what was refused before counts no more. */
export const takenUpAgain = (checkpoint: Checkpoint): Checkpoint => {
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

/** Adds a page of users: ten of them share a list. Whoever is in a list already, of another organization, is walked there. */
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
 * Asks no more for a list that fails while others do not. Of ten users it may be one: each gets a list of their own, behind
 * all others. One user's is passed over, and the sync fails when everybody else's were read.
 */
export function withoutList(checkpoint: Checkpoint, failed: ChatList, said: string): Checkpoint {
  const { lists } = withList(checkpoint, failed, (list) => ({ ...list, hasMore: false, trail: undefined }));
  const [userId = '', ...others] = failed.userIds;
  if (others.length > 0) {
    const alone = failed.userIds.map((id) => chatList([id], failed.of));
    return withoutEnded({ ...checkpoint, lists: [...lists, ...alone] });
  }
  const odd = checkpoint.users.odd ?? `chats of user ${userId}: ${said}`;
  return withoutEnded({ ...checkpoint, lists, users: { ...checkpoint.users, odd } });
}

/** The window from its start, in the same listing mode. */
export const again = (checkpoint: Checkpoint): Checkpoint => {
  const { mode, why, refusals, requestId } = checkpoint;
  return { ...beginning(mode, { fingerprint: checkpoint.fingerprint, refusals, why }), requestId };
};

/** Small, for the memo: the first page that is being read stands there by its cursor alone, that of the users likewise. */
export function condensed(checkpoint: Checkpoint): Checkpoint {
  const { lists, users } = checkpoint;
  const of = lists[0]?.of;
  if (!of) return asksAgain(checkpoint);
  return { ...checkpoint, lists: [], users: { ...users, last: of.lastBefore, next: of.page, trail: undefined } };
}
