import type { Bytes } from './bytes';
import { Integers } from './integers';
import type { JsonWatcher } from './json-scanner';

/** A range of bytes in a text. */
export interface Span {
  from: number;
  to: number;
}

/** A field of an object, `"name":value`, as bytes. */
export interface RawField extends Span {
  /** The position of its value. */
  valueFrom: number;
}

const openBracket = 0x5b;
const backslash = 0x5c;
const openBrace = 0x7b;
const longestName = 1024;
/** An item with more fields is not read. */
const mostFields = 10_000;
/** The most fields of all items: at 12 bytes each, so many fit into memory beside the largest page. */
const mostFieldsOfPage = 2_000_000;

/**
 * Notes, as a page arrives, the positions of its fields, of its items and of their fields: a few bytes each, whatever
 * they hold. As in JSON.parse, the last of several fields of one name counts.
 */
export class PageIndex implements JsonWatcher {
  /** The page's fields, as far as `names` lists them. */
  readonly fields = new Map<string, Span>();
  /** Three integers per item: its start, its end, and the number of its first field. */
  private items = new Integers();
  /** Three integers per field: its start, its value's start, its end. */
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

  /** Whether the page has a list of items. */
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

  /** Whether an item is an object whose fields are not too many and whose names are not too long. */
  isReadable(item: number): boolean {
    const { first, end } = this.range(item);
    if (this.bytes.at(this.item(item).from) !== openBrace || end - first > mostFields) return false;
    for (let field = first; field < end; field++) {
      const { from, valueFrom } = this.fieldAt(field);
      if (valueFrom - 1 - from > longestName) return false;
    }
    return true;
  }

  /** A field of a readable item, the last of several of one name. @param name With its quotation marks. */
  find(item: number, name: Buffer): RawField | undefined {
    const { first, end } = this.range(item);
    for (let field = end - 1; field >= first; field--) {
      const found = this.fieldAt(field);
      if (this.isNamed(found, name)) return found;
    }
    return undefined;
  }

  /** The fields of a readable item by name, in the order of the answer. */
  fieldsOf(item: number): Map<string, RawField> {
    const { first, end } = this.range(item);
    const fields = new Map<string, RawField>();
    for (let field = first; field < end; field++) {
      const found = this.fieldAt(field);
      fields.set(this.nameAt(found.from, found.valueFrom - 1) ?? '', found);
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
      this.itemField = this.itemFields.length / 3;
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

  private range(item: number): { first: number; end: number } {
    const isLast = item + 1 === this.itemCount;
    const end = isLast ? this.itemFields.length / 3 : this.items.at((item + 1) * 3 + 2);
    return { first: this.items.at(item * 3 + 2), end };
  }

  private fieldAt(field: number): RawField {
    const at = field * 3;
    return { from: this.itemFields.at(at), valueFrom: this.itemFields.at(at + 1), to: this.itemFields.at(at + 2) };
  }

  private isNamed({ from, valueFrom }: RawField, name: Buffer): boolean {
    const to = valueFrom - 1;
    if (to - from === name.length && this.bytes.has(name, from)) return true;
    return this.isEscaped(from, to) && JSON.stringify(this.nameAt(from, to)) === name.toString();
  }

  private isEscaped(from: number, to: number): boolean {
    for (let at = from; at < to; at++) if (this.bytes.at(at) === backslash) return true;
    return false;
  }

  private nameAt(from: number, to: number): string | null {
    if (to - from > longestName) return null;
    const text = this.bytes.text(from, to);
    return text.includes('\\') ? String(JSON.parse(text)) : text.slice(1, -1);
  }
}
