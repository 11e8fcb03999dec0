import type { Checkpoint, ChatList } from '../domain/checkpoint';

/** The API takes no more in one page. */
const CHATS_PER_PAGE = 1000;

/** A list that was not asked for yet. */
export const chatList = (userIds: string[], of: ChatList['of']): ChatList => ({
  userIds,
  of,
  afterId: null,
  at: null,
  pages: [],
  hasMore: true,
});

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
