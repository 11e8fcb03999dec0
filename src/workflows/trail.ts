import type { Trail } from '../domain/checkpoint';

/** More empty pages in a row than this count as endless, and more pages that end with the same item. */
const MOST_EMPTY_PAGES = 100;

/** Thrown for a list whose pages repeat, or never end. */
export class EndlessList extends Error {
  override name = 'EndlessList';
  /** @param list What it lists. */
  constructor(
    list: string,
    readonly requestId: string | null,
  ) {
    super(`${list}: the server's pages go in circles, or on without an end`);
  }
}

/** A page after which another follows. */
export interface PassedPage {
  /** The cursor of the next page. */
  cursor: string | null;
  /** A name for the page's last item and its place; null if it has no items. */
  place: string | null;
  /** A name for that item, whatever its place: an item that changes moves on in a list by change. */
  item?: string | null;
}

/**
 * Detects a list whose pages repeat (a cursor or last item seen before) or stay empty. Brent's algorithm: it keeps one
 * page however long the list is, and finds a cycle of n pages within 3 n.
 */
export function follow(trail: Trail | undefined, { cursor, place, item = null }: PassedPage): Trail | 'circle' {
  const emptyPages = place === null ? (trail?.emptyPages ?? 0) + 1 : 0;
  const repeats = (trail?.repeats ?? 0) + (item !== null && item === trail?.item ? 1 : 0);
  if (emptyPages > MOST_EMPTY_PAGES || repeats > MOST_EMPTY_PAGES) return 'circle';
  if (trail === undefined) return { cursor, place, item, steps: 0, mark: 1, emptyPages, repeats };
  const isBack = (cursor !== null && cursor === trail.cursor) || (place !== null && place === trail.place);
  if (isBack) return 'circle';
  const steps = trail.steps + 1;
  if (steps < trail.mark) return { ...trail, steps, emptyPages, repeats };
  return { cursor, place, item, steps: 0, mark: trail.mark * 2, emptyPages, repeats: 0 };
}

/** @throws EndlessList */
export function followOn(
  list: string,
  trail: Trail | undefined,
  page: PassedPage & { requestId: string | null },
): Trail {
  const followed = follow(trail, page);
  if (followed === 'circle') throw new EndlessList(list, page.requestId);
  return followed;
}
