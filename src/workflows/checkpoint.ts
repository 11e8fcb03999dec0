import type { Checkpoint, ChatList, Form, UsersPage } from '../state';

/** The API takes no more of them in one list. */
const USERS_PER_LIST = 10;

const chatList = (userIds: string[]): ChatList => ({
  userIds,
  afterId: null,
  at: null,
  page: { afterId: null, at: null },
  left: [],
  hasMore: true,
});

/** The start of a window. */
export const beginning = (
  form: Form,
  { fingerprint, refusals = [], why = null }: Pick<Checkpoint, 'fingerprint'> & Partial<Checkpoint>,
): Checkpoint => ({
  form,
  why,
  refusals,
  accepted: false,
  lists: form === 'organization' ? [chatList([])] : [],
  users: { current: null, last: null, lastBefore: null, next: null },
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
    lists: checkpoint.lists.map((list) => ({ ...list, resumedAt: undefined, trail: undefined })),
    users: {
      ...checkpoint.users,
      next: next && next.after !== null ? { ...next, page: null } : next,
      resumedAfter: undefined,
      trail: undefined,
    },
  };
};

/** Turns to a page of users: ten of them share a list. */
export const withUsers = (
  checkpoint: Checkpoint,
  current: UsersPage,
  userIds: string[],
  next: UsersPage | null,
): Checkpoint => {
  const ids = [...new Set(userIds)];
  const lists: ChatList[] = [];
  for (let i = 0; i < ids.length; i += USERS_PER_LIST) lists.push(chatList(ids.slice(i, i + USERS_PER_LIST)));
  const { users } = checkpoint;
  return {
    ...checkpoint,
    lists,
    users: { ...users, current, last: ids.at(-1) ?? users.last, lastBefore: users.last, next },
  };
};

/** Changes one of the lists. */
export const withList = (checkpoint: Checkpoint, before: ChatList, after: ChatList): Checkpoint => ({
  ...checkpoint,
  lists: checkpoint.lists.map((list) => (list === before ? after : list)),
});

/** Asks once more for the pages whose chats are left: what was wrong with them may be mended by then. */
export const asksAgain = (checkpoint: Checkpoint): Checkpoint => ({
  ...checkpoint,
  lists: checkpoint.lists.map((list) => (list.left.length > 0 ? pageAgain(list) : list)),
});

const pageAgain = (list: ChatList): ChatList => ({ ...list, ...list.page, left: [], hasMore: true, trail: undefined });

/** The window from its start, in the same form of the list. */
export const again = (checkpoint: Checkpoint): Checkpoint => {
  const { form, why, refusals, requestId } = checkpoint;
  return { ...beginning(form, { fingerprint: checkpoint.fingerprint, refusals, why }), requestId };
};

/** Puts chats behind all others of their lists. */
export const withLast = (checkpoint: Checkpoint, chatIds: ReadonlySet<string>): Checkpoint => ({
  ...checkpoint,
  lists: checkpoint.lists.map((list) => {
    const [first, last] = [false, true].map((isLast) => list.left.filter((chatId) => chatIds.has(chatId) === isLast));
    return { ...list, left: [...(first ?? []), ...(last ?? [])] };
  }),
});

/** Takes published chats off the lists, and lists that have come to their end. */
export const without = (checkpoint: Checkpoint, chatIds: ReadonlySet<string>): Checkpoint => ({
  ...checkpoint,
  lists: checkpoint.lists
    .map((list) => ({ ...list, left: list.left.filter((chatId) => !chatIds.has(chatId)) }))
    .filter((list) => list.left.length > 0 || list.hasMore),
});

/** Small, for the memo: the page that is being read stands there by its cursor alone, a page of users likewise. */
export function condensed(checkpoint: Checkpoint): Checkpoint {
  const { form, lists, users } = checkpoint;
  if (lists.length === 0) return checkpoint;
  if (form !== 'organization')
    return {
      ...checkpoint,
      lists: [],
      users: { ...users, last: users.lastBefore, next: users.current, trail: undefined },
    };
  return {
    ...checkpoint,
    lists: lists.map((list) => (list.left.length > 0 ? pageAgain(list) : list)),
  };
}

/** Chats that are listed and not published. */
export const leftOf = ({ lists }: Checkpoint): string[] => lists.flatMap((list) => list.left);
