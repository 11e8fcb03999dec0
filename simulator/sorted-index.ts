/** A position in an order: by key, then by id. */
export interface Position {
  readonly key: number;
  readonly id: string;
}

/** An item with its position. */
export interface Entry<T> extends Position {
  readonly item: T;
}

/** For more changed items than this, one sort is cheaper than single moves. */
const MOVE_AT_MOST = 200;

export function comparePositions(a: Position, b: Position): number {
  if (a.key !== b.key) return a.key - b.key;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** The index of the first entry after `position`, or with `orEqual` at or after it, by binary search. */
export function indexAfter(entries: readonly Position[], position: Position, orEqual = false): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = entries[middle];
    const order = entry === undefined ? 0 : comparePositions(entry, position);
    if (order < 0 || (order === 0 && !orEqual)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Keeps items in the order of a key that may change; sorts lazily, on `entries`. */
export class SortedIndex<T extends { readonly id: string }> {
  private sorted: Entry<T>[] = [];
  private readonly byId = new Map<string, Entry<T>>();
  private readonly changed = new Map<string, T | null>();

  constructor(private readonly keyOf: (item: T) => number) {}

  /** Adds an item, or notes that its key has changed. */
  touch(item: T): void {
    this.changed.set(item.id, item);
  }

  remove(item: T): void {
    this.changed.set(item.id, null);
  }

  /** All items in order. The array is valid until the next change. */
  entries(): readonly Entry<T>[] {
    if (this.changed.size > MOVE_AT_MOST) this.sortAll();
    else for (const [id, item] of this.changed) this.move(id, item);
    this.changed.clear();
    return this.sorted;
  }

  private move(id: string, item: T | null): void {
    const old = this.byId.get(id);
    if (old) this.sorted.splice(indexAfter(this.sorted, old, true), 1);
    this.byId.delete(id);
    if (!item) return;
    const entry = { key: this.keyOf(item), id, item };
    this.sorted.splice(indexAfter(this.sorted, entry), 0, entry);
    this.byId.set(id, entry);
  }

  private sortAll(): void {
    for (const [id, item] of this.changed) {
      if (item) this.byId.set(id, { key: this.keyOf(item), id, item });
      else this.byId.delete(id);
    }
    this.sorted = [...this.byId.values()].sort(comparePositions);
  }
}
