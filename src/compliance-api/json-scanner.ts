import type { Bytes } from './bytes';
import { END, MARK, OVER, STRING, tokenTable, VALUE, WRONG } from './json-tokens';

/** Deeper JSON is refused: later steps recurse. */
export const maxDepth = 256;
/** The greatest depth that a watcher is told of. */
const watchedDepth = 3;

/** Told of the shallow parts of a JSON text. Positions are in the text without white space between tokens. */
export interface JsonWatcher {
  /** A name in an object, its quotation marks included, already readable. @param depth How deep it is nested. */
  name(depth: number, from: number, to: number): void;
  /** A value begins. @param byte Its first byte. */
  begin(depth: number, from: number, byte: number): void;
  end(depth: number, to: number): void;
}

export type JsonFlaw = 'not-json' | 'too-deep';

/** What may come next, outside a token. */
type Expected = 'start' | 'value' | 'first item' | 'first name' | 'name' | 'colon' | 'comma' | 'nothing';

const space = 0x20;
const tab = 0x09;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const firstOfMark = 0xef;

/**
 * Validates a JSON text (as JSON.parse does) in UTF-8, chunk by chunk, and keeps its bytes without the white space
 * between tokens. It creates no values: a number stays as it was written.
 */
export class JsonScanner {
  /** The first byte that is no white space; undefined until it arrives. */
  first: number | undefined;
  /** How many values have begun. */
  values = 0;
  private expected: Expected = 'start';
  /** The state of an unfinished token; 0 between tokens. */
  private token = 0;
  private isName = false;
  private nameFrom = 0;
  private depth = 0;
  private readonly isObject = new Uint8Array(maxDepth + 1);
  /** The start, in the current chunk, of the bytes that are yet to be kept. */
  private run = 0;

  constructor(
    private readonly into: Bytes,
    private readonly watcher?: JsonWatcher,
  ) {}

  /** @returns what is wrong, if anything; then nothing more may be written. */
  write(chunk: Buffer): JsonFlaw | undefined {
    this.run = 0;
    for (let at = 0; at < chunk.length; at++) {
      let byte = chunk[at] ?? 0;
      if (this.token !== 0) {
        let token = this.token;
        let next = tokenTable[token * 256 + byte] ?? WRONG;
        while (next > OVER && at + 1 < chunk.length) {
          token = next;
          at += 1;
          byte = chunk[at] ?? 0;
          next = tokenTable[token * 256 + byte] ?? WRONG;
        }
        this.token = next > OVER ? next : 0;
        if (next > OVER) break;
        if (next === WRONG) return 'not-json';
        this.endToken(chunk, next === END ? at + 1 : at);
        if (next === END) continue;
      }
      if (byte === space || byte === tab || byte === lineFeed || byte === carriageReturn) {
        this.keep(chunk, at);
        this.run = at + 1;
        if (this.expected === 'start') this.expected = 'value';
        continue;
      }
      const flaw = this.step(at, byte);
      if (flaw !== undefined) return flaw;
    }
    this.keep(chunk, chunk.length);
    return undefined;
  }

  /** @returns whether the written bytes are one complete JSON text. */
  end(): boolean {
    // Only the end of the text ends a number.
    if (this.token !== 0 && tokenTable[this.token * 256 + space] !== OVER) return false;
    return this.expected === 'nothing';
  }

  /** Handles a byte between tokens, or a token's first byte. */
  private step(at: number, byte: number): JsonFlaw | undefined {
    const { expected } = this;
    if (byte === firstOfMark && expected === 'start') {
      this.token = MARK;
      return undefined;
    }
    this.first ??= byte;
    switch (byte) {
      case openBrace:
      case openBracket:
        if (!this.begin(at, byte)) return 'not-json';
        if (this.depth === maxDepth) return 'too-deep';
        this.depth += 1;
        this.isObject[this.depth] = byte === openBrace ? 1 : 0;
        this.expected = byte === openBrace ? 'first name' : 'first item';
        return undefined;
      case closeBrace:
      case closeBracket:
        if (expected !== 'comma' && expected !== (byte === closeBrace ? 'first name' : 'first item')) return 'not-json';
        if ((this.isObject[this.depth] === 1) !== (byte === closeBrace)) return 'not-json';
        this.depth -= 1;
        this.expected = this.afterValue();
        if (this.depth <= watchedDepth) this.watcher?.end(this.depth, this.place(at + 1));
        return undefined;
      case comma:
        if (expected !== 'comma') return 'not-json';
        this.expected = this.isObject[this.depth] === 1 ? 'name' : 'value';
        return undefined;
      case colon:
        if (expected !== 'colon') return 'not-json';
        this.expected = 'value';
        return undefined;
      case quote:
        this.isName = expected === 'name' || expected === 'first name';
        if (this.isName) {
          this.expected = 'colon';
          this.nameFrom = this.place(at);
          this.token = STRING;
          return undefined;
        }
    }
    this.isName = false;
    this.token = tokenTable[VALUE * 256 + byte] ?? WRONG;
    return this.token !== WRONG && this.begin(at, byte) ? undefined : 'not-json';
  }

  private begin(at: number, byte: number): boolean {
    const { expected } = this;
    if (expected !== 'value' && expected !== 'first item' && expected !== 'start') return false;
    this.values += 1;
    this.expected = this.afterValue();
    if (this.depth <= watchedDepth) this.watcher?.begin(this.depth, this.place(at), byte);
    return true;
  }

  private endToken(chunk: Buffer, to: number): void {
    if (this.expected === 'start') {
      this.expected = 'value';
      this.run = to;
    } else if (this.depth <= watchedDepth && this.watcher) {
      if (!this.isName) return this.watcher.end(this.depth, this.place(to));
      this.keep(chunk, to);
      this.run = to;
      this.watcher.name(this.depth, this.nameFrom, this.into.length);
    }
  }

  private afterValue(): Expected {
    return this.depth === 0 ? 'nothing' : 'comma';
  }

  /** The position that a byte of the chunk gets in the kept text. */
  private place(at: number): number {
    return this.into.length + at - this.run;
  }

  private keep(chunk: Buffer, to: number): void {
    if (this.run < to) this.into.append(chunk, this.run, to);
  }
}
