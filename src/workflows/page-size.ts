/** After this many full pages the next request asks for twice as many records. */
const GROW_AFTER = 4;

/** How many records to ask for, page after page: fewer where the server was too slow, and more again once it keeps up. */
export interface PageSize {
  /** Records of the next request. */
  next(): number;
  /** Notes how many records the last request took; fewer than asked for if the attempt before it failed. */
  took(records: number): void;
}

export function growing(most: number, first: number): PageSize {
  let size = Math.min(first, most);
  let growAfter = GROW_AFTER;
  let pages = 0;
  return {
    next: () => size,
    took(records) {
      pages += 1;
      if (records < size) {
        // Each size that was too much is tried again later than the one before.
        growAfter *= 2;
        pages = 0;
        size = records;
      } else if (pages >= growAfter) {
        pages = 0;
        size = Math.min(most, size * 2);
      }
    },
  };
}
