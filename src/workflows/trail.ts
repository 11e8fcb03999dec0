import type { Trail } from '../domain/checkpoint';

/** So many pages in a row without an item lead nowhere. */
const MOST_EMPTY_PAGES = 100;

/** A list that goes in circles, or on without an end. */
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

/** A page that says that more follow. */
export interface PassedPage {
  /** Where the next one begins. */
  cursor: string | null;
  /** A name for its last item; null if it has none. */
  place: string | null;
}

/**
 * Follows a list from page to page, and notices when it goes in circles or on without end: a page that begins or ends where
 * one did before. What it keeps is of one size however long the list (Brent's algorithm): a circle of n pages is noticed
 * within 3 n.
 */
export function follow(trail: Trail | undefined, { cursor, place }: PassedPage): Trail | 'circle' {
  const emptyPages = place === null ? (trail?.emptyPages ?? 0) + 1 : 0;
  if (emptyPages > MOST_EMPTY_PAGES) return 'circle';
  if (trail === undefined) return { cursor, place, steps: 0, mark: 1, emptyPages };
  const isBack = (cursor !== null && cursor === trail.cursor) || (place !== null && place === trail.place);
  if (isBack) return 'circle';
  const steps = trail.steps + 1;
  if (steps < trail.mark) return { ...trail, steps, emptyPages };
  return { cursor, place, steps: 0, mark: trail.mark * 2, emptyPages };
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
