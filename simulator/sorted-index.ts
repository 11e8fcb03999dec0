/** A place in an order: the sort key, ties broken by id. */
export interface Position {
  readonly key: number;
  readonly id: string;
}

/** An item at its place. */
export interface Entry<T> extends Position {
  readonly item: T;
}

/** More changed items than this and one sort is cheaper than moving them one by one. */
const MOVE_AT_MOST = 200;

export function comparePositions(a: Position, b: Position): number {
  if (a.key !== b.key) return a.key - b.key;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** The index of the first entry after `position`; with `orEqual`, of the first one not before it. */
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

/** Keeps items ordered by a key that changes; the order is brought up to date when it is next read. */
export class SortedIndex<T extends { readonly id: string }> {
  private sorted: Entry<T>[] = [];
  private readonly byId = new Map<string, Entry<T>>();
  private readonly changed = new Map<string, T | null>();

  constructor(private readonly keyOf: (item: T) => number) {}

  /** The item is new, or its key has changed. */
  touch(item: T): void {
    this.changed.set(item.id, item);
  }

  remove(item: T): void {
    this.changed.set(item.id, null);
  }

  /** Everything in order. The array is valid until the next change. */
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
