import type { Checkpoint, ChatList, ListingMode, UsersPage } from '../domain/state';

/** The API takes no more of them in one list. */
const USERS_PER_LIST = 10;
/** Nor chats in one page. */
const CHATS_PER_PAGE = 1000;

const chatList = (userIds: string[], of: ChatList['of']): ChatList => ({
  userIds,
  of,
  afterId: null,
  at: null,
  pages: [],
  hasMore: true,
});

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

/** Tells the lists of a checkpoint apart. */
export const nameOf = ({ userIds }: ChatList): string => userIds.join();

/** Changes one of the lists. */
export const withList = (
  checkpoint: Checkpoint,
  changed: ChatList,
  change: (list: ChatList) => ChatList,
): Checkpoint => ({
  ...checkpoint,
  lists: checkpoint.lists.map((list) => (nameOf(list) === nameOf(changed) ? change(list) : list)),
});

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

/** Adds a page that was asked for with what the list says. */
export function withPage({ afterId, at, pages }: ChatList, left: string[]): ChatList['pages'] {
  const last = pages.at(-1);
  if (left.length === 0) return pages;
  if (!last || last.left.length + left.length > CHATS_PER_PAGE) return [...pages, { afterId, at, left }];
  return [...pages.slice(0, -1), { ...last, left: [...last.left, ...left] }];
}

/** Asks once more for the pages whose chats are left: what was wrong with them may be mended by then. */
export const asksAgain = (checkpoint: Checkpoint): Checkpoint => ({
  ...checkpoint,
  lists: checkpoint.lists.map(fromFirstPage),
});

function fromFirstPage(list: ChatList): ChatList {
  const [first] = list.pages;
  if (!first) return list;
  const { afterId, at } = first;
  return { ...list, afterId, at, pages: [], hasMore: true, trail: undefined };
}

/** The window from its start, in the same listing mode. */
export const again = (checkpoint: Checkpoint): Checkpoint => {
  const { mode, why, refusals, requestId } = checkpoint;
  return { ...beginning(mode, { fingerprint: checkpoint.fingerprint, refusals, why }), requestId };
};

/** Puts chats behind all others of their pages. */
export const withLast = (checkpoint: Checkpoint, chatIds: ReadonlySet<string>): Checkpoint => ({
  ...checkpoint,
  lists: checkpoint.lists.map((list) => ({
    ...list,
    pages: list.pages.map(({ left, ...page }) => {
      const [first = [], last = []] = [false, true].map((isLast) =>
        left.filter((chatId) => chatIds.has(chatId) === isLast),
      );
      return { ...page, left: [...first, ...last] };
    }),
  })),
});

/** Takes published chats off the lists, and lists that have come to their end. */
export const without = (checkpoint: Checkpoint, chatIds: ReadonlySet<string>): Checkpoint =>
  withoutEnded({
    ...checkpoint,
    lists: checkpoint.lists.map((list) => ({
      ...list,
      pages: list.pages.flatMap((page) => withoutChats(page, chatIds)),
    })),
  });

/** Takes lists off that have come to their end. */
export const withoutEnded = (checkpoint: Checkpoint): Checkpoint => ({
  ...checkpoint,
  lists: checkpoint.lists.filter((list) => list.pages.length > 0 || list.hasMore),
});

function withoutChats(page: ChatList['pages'][number], chatIds: ReadonlySet<string>): ChatList['pages'] {
  const left = page.left.filter((chatId) => !chatIds.has(chatId));
  return left.length > 0 ? [{ ...page, left }] : [];
}

/** Small, for the memo: the first page that is being read stands there by its cursor alone, that of the users likewise. */
export function condensed(checkpoint: Checkpoint): Checkpoint {
  const { lists, users } = checkpoint;
  const of = lists[0]?.of;
  if (!of) return asksAgain(checkpoint);
  return { ...checkpoint, lists: [], users: { ...users, last: of.lastBefore, next: of.page, trail: undefined } };
}

/** Chats that are listed and not published. */
export const leftOf = ({ lists }: Checkpoint): string[] =>
  lists.flatMap(({ pages }) => pages.flatMap(({ left }) => left));

/** How many those are. */
export const countLeft = ({ lists }: Checkpoint): number =>
  lists.reduce((sum, { pages }) => pages.reduce((some, { left }) => some + left.length, sum), 0);

/** About what their ids take in a payload. */
export const bytesLeft = ({ lists }: Checkpoint): number =>
  lists.reduce((sum, { pages }) => pages.reduce((some, { left }) => some + bytesOf(left), sum), 0);

/** Of lists of ids that do not change: each is gone through once, however often it is asked for. */
const knownBytes = new WeakMap<readonly string[], number>();

/** About what ids take as JSON. */
export function bytesOf(ids: readonly string[]): number {
  const bytes = knownBytes.get(ids) ?? ids.reduce((sum, id) => sum + id.length + 3, 0);
  knownBytes.set(ids, bytes);
  return bytes;
}
