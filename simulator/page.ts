import type { Cursors } from './cursors';
import { indexAfter, type Entry, type Position } from './sorted-index';

/** A request for a page of an ordered list. `list` names list and order, to which the cursors are bound. */
export interface PageQuery<T> {
  readonly list: string;
  readonly limit: number;
  readonly after?: { readonly parameter: string; readonly cursor: string | undefined } | undefined;
  readonly before?: { readonly parameter: string; readonly cursor: string | undefined } | undefined;
  readonly descending?: boolean | undefined;
  readonly matches?: ((item: T) => boolean) | undefined;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly hasMore: boolean;
  /** The cursors of the first and the last item; null on an empty page. */
  readonly firstId: string | null;
  readonly lastId: string | null;
}

/** Cuts a page out of a list in ascending order. @throws ApiError 400 for an invalid cursor */
export function cutPage<T>(entries: readonly Entry<T>[], cursors: Cursors, query: PageQuery<T>): Page<T> {
  const { list, limit, after, before, descending = false, matches = () => true } = query;
  const at = (from: typeof after): Position | undefined =>
    from?.cursor === undefined ? undefined : cursors.read(from.parameter, list, from.cursor);
  const afterPosition = at(after);
  const beforePosition = at(before);

  // `after` reads in the order of the page, `before` against it.
  const position = afterPosition ?? beforePosition;
  const backwards = beforePosition !== undefined;
  const downwards = descending !== backwards;
  const found: Entry<T>[] = [];
  let index = downwards ? entries.length - 1 : 0;
  if (position) index = downwards ? indexAfter(entries, position, true) - 1 : indexAfter(entries, position);
  while (found.length <= limit) {
    const entry = entries[index];
    if (!entry) break;
    if (matches(entry.item)) found.push(entry);
    index += downwards ? -1 : 1;
  }

  const shown = found.slice(0, limit);
  if (backwards) shown.reverse();
  const cursorOf = (entry: Entry<T> | undefined): string | null => (entry ? cursors.make(list, entry) : null);
  return {
    items: shown.map(({ item }) => item),
    hasMore: found.length > limit,
    firstId: cursorOf(shown[0]),
    lastId: cursorOf(shown.at(-1)),
  };
}
