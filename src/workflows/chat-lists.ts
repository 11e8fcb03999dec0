import type { Checkpoint, ChatList } from '../domain/checkpoint';

/** The API's limit on chats in a page. */
const CHATS_PER_PAGE = 1000;

/** A list of which no page has been requested yet. */
export const chatList = (userIds: string[], of: ChatList['of']): ChatList => ({
  userIds,
  of,
  afterId: null,
  at: null,
  pages: [],
  hasMore: true,
});

/** Identifies a list within its checkpoint. */
export const nameOf = ({ userIds }: ChatList): string => userIds.join();

/** Applies `change` to one list of the checkpoint. */
export const withList = (
  checkpoint: Checkpoint,
  changed: ChatList,
  change: (list: ChatList) => ChatList,
): Checkpoint => ({
  ...checkpoint,
  lists: checkpoint.lists.map((list) => (nameOf(list) === nameOf(changed) ? change(list) : list)),
});

/** Adds a page requested with the list's `afterId` and `at`; a short one is merged with the page before. */
export function withPage({ afterId, at, pages }: ChatList, left: string[]): ChatList['pages'] {
  const last = pages.at(-1);
  if (left.length === 0) return pages;
  if (!last || last.left.length + left.length > CHATS_PER_PAGE) return [...pages, { afterId, at, left }];
  return [...pages.slice(0, -1), { ...last, left: [...last.left, ...left] }];
}

/** Moves each list back to its first page with unpublished chats: what was wrong may be mended by the next listing. */
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

/** Moves chats to the end of their pages. */
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

/** Removes published chats, and lists that are finished. */
export const without = (checkpoint: Checkpoint, chatIds: ReadonlySet<string>): Checkpoint =>
  withoutEnded({
    ...checkpoint,
    lists: checkpoint.lists.map((list) => ({
      ...list,
      pages: list.pages.flatMap((page) => withoutChats(page, chatIds)),
    })),
  });

/** Removes lists with neither unpublished chats nor a further page. */
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

/** How many chats are listed and not published. */
export const countLeft = ({ lists }: Checkpoint): number =>
  lists.reduce((sum, { pages }) => pages.reduce((some, { left }) => some + left.length, sum), 0);

/** The approximate size of the listed, unpublished ids in a payload, bytes. */
export const bytesLeft = ({ lists }: Checkpoint): number =>
  lists.reduce((sum, { pages }) => pages.reduce((some, { left }) => some + bytesOf(left), sum), 0);

/** Sizes by array of ids. The arrays never change, so each is measured once. */
const knownBytes = new WeakMap<readonly string[], number>();

/** The approximate size of ids as JSON, bytes. */
export function bytesOf(ids: readonly string[]): number {
  const bytes = knownBytes.get(ids) ?? ids.reduce((sum, id) => sum + id.length + 3, 0);
  knownBytes.set(ids, bytes);
  return bytes;
}
