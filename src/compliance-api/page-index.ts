import type { Bytes } from './bytes';
import { Integers } from './integers';
import type { JsonWatcher } from './json-scanner';

/** Where something stands in a text. */
export interface Span {
  from: number;
  to: number;
}

/** A field of an object, `"name":value`, as it came. */
export interface RawField extends Span {
  /** Where its value begins. */
  valueFrom: number;
}

const openBracket = 0x5b;
const openBrace = 0x7b;
const longestName = 1024;
/** An item with more fields is not read. */
const mostFields = 10_000;
/** Of all items together: with 12 bytes each this many fit beside the largest page. */
const mostFieldsOfPage = 2_000_000;

/**
 * Notes, while a page comes in, where its fields and its items are, and the fields of the items: a few bytes for each,
 * whatever they hold. As with JSON.parse, the last of several fields of one name counts.
 */
export class PageIndex implements JsonWatcher {
  /** The page's fields, of those that were asked for. */
  readonly fields = new Map<string, Span>();
  /** Three integers for an item: where it begins and ends, and its first field. */
  private items = new Integers();
  /** Three integers for a field: where it begins, where its value begins, where it ends. */
  private itemFields = new Integers();
  private field: string | null = null;
  private from = 0;
  private inItems = false;
  private itemFrom = 0;
  private itemField = 0;
  private itemIsObject = false;
  private nameFrom = 0;
  private valueFrom = 0;

  /** @param list The field that holds the items. */
  constructor(
    private readonly bytes: Bytes,
    private readonly list: string,
    private readonly names: readonly string[],
  ) {}

  /** Whether the page is an object at all. */
  get isObject(): boolean {
    return this.bytes.at(0) === openBrace;
  }

  /** Whether it has a list of items. */
  get hasItems(): boolean {
    const list = this.fields.get(this.list);
    return list !== undefined && this.bytes.at(list.from) === openBracket;
  }

  get itemCount(): number {
    return this.items.length / 3;
  }

  isFull(): boolean {
    return Math.max(this.items.length, this.itemFields.length) / 3 > mostFieldsOfPage;
  }

  item(item: number): Span {
    return { from: this.items.at(item * 3), to: this.items.at(item * 3 + 1) };
  }

  /** The fields of an item by their names, in their order; null where it is no object, or none that can be read. */
  fieldsOf(item: number): Map<string, RawField> | null {
    const first = this.items.at(item * 3 + 2);
    const end = item + 1 < this.itemCount ? this.items.at((item + 1) * 3 + 2) : this.itemFields.length;
    if (this.bytes.at(this.items.at(item * 3)) !== openBrace || end - first > mostFields * 3) return null;
    const fields = new Map<string, RawField>();
    for (let at = first; at < end; at += 3) {
      const [from, valueFrom, to] = [this.itemFields.at(at), this.itemFields.at(at + 1), this.itemFields.at(at + 2)];
      const name = this.nameAt(from, valueFrom - 1);
      if (name === null) return null;
      fields.set(name, { from, valueFrom, to });
    }
    return fields;
  }

  name(depth: number, from: number, to: number): void {
    if (depth === 1) this.field = this.nameAt(from, to);
    else if (depth === 3) this.nameFrom = from;
  }

  begin(depth: number, from: number, byte: number): void {
    if (depth === 1) {
      this.from = from;
      if (this.field !== this.list) return;
      this.inItems = byte === openBracket;
      this.items = new Integers();
      this.itemFields = new Integers();
    } else if (depth === 2 && this.inItems) {
      this.itemFrom = from;
      this.itemField = this.itemFields.length;
      this.itemIsObject = byte === openBrace;
    } else if (depth === 3) {
      this.valueFrom = from;
    }
  }

  end(depth: number, to: number): void {
    if (depth === 1) {
      this.inItems = false;
      if (this.field !== null && (this.field === this.list || this.names.includes(this.field))) {
        this.fields.set(this.field, { from: this.from, to });
      }
    } else if (depth === 2 && this.inItems) {
      for (const mark of [this.itemFrom, to, this.itemField]) this.items.push(mark);
    } else if (depth === 3 && this.inItems && this.itemIsObject) {
      for (const mark of [this.nameFrom, this.valueFrom, to]) this.itemFields.push(mark);
    }
  }

  private nameAt(from: number, to: number): string | null {
    if (to - from > longestName) return null;
    const text = this.bytes.text(from, to);
    return text.includes('\\') ? String(JSON.parse(text)) : text.slice(1, -1);
  }
}
