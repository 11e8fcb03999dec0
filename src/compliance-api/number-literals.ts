import { standIn } from '../exact-number';

const quote = 0x22;
const plus = 0x2b;
const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;
const nine = 0x39;
const backslash = 0x5c;
const smallE = 0x65;

/** A number of so few characters, without an exponent, keeps its value in JavaScript. */
const surelyKeptLength = 15;
/** One takes up to 1.5 KiB while it is read and written: so many need no more memory than a large answer. */
export const maxExactNumbers = 100_000;

/** Whether a byte can be part of a number. */
export function isNumberByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const isDigit = byte >= zero && byte <= nine;
  return isDigit || byte === minus || byte === plus || byte === point || isExponent(byte);
}

/** Whether a byte of a number begins its exponent. */
export const isExponent = (byte: number): boolean => (byte | 0x20) === smallE;

/** Whether a number of this length has to be looked at. */
export const mayBeAltered = (length: number, hasExponent: boolean): boolean => length > surelyKeptLength || hasExponent;

/**
 * The same JSON with a stand-in for each long number that JavaScript would write otherwise; the very bytes if there is none,
 * null if there are more than {@link maxExactNumbers}. It does not judge whether it is JSON: what is none stays none.
 */
export function markNumbers(json: Buffer): Buffer | null {
  const pieces: Buffer[] = [];
  let copied = 0;
  let at = 0;
  while (at < json.length) {
    const byte = json[at];
    if (byte === quote) {
      at = afterString(json, at);
    } else if (!isNumberByte(byte)) {
      at += 1;
    } else {
      const start = at;
      while (isNumberByte(json[at])) at += 1;
      const literal = json.toString('latin1', start, at);
      if (!isAltered(literal)) continue;
      pieces.push(json.subarray(copied, start), Buffer.from(standIn(literal)));
      copied = at;
      if (pieces.length > 2 * maxExactNumbers) return null;
    }
  }
  return copied === 0 ? json : Buffer.concat([...pieces, json.subarray(copied)]);
}

function afterString(json: Buffer, start: number): number {
  for (let end = json.indexOf(quote, start + 1); end !== -1; end = json.indexOf(quote, end + 1)) {
    let escapes = 0;
    while (json[end - 1 - escapes] === backslash) escapes += 1;
    if (escapes % 2 === 0) return end + 1;
  }
  return json.length;
}

function isAltered(literal: string): boolean {
  if (!mayBeAltered(literal.length, /e/i.test(literal)) || String(Number(literal)) === literal) return false;
  return /^-?(0|[1-9]\d*)(\.\d+)?(e[-+]?\d+)?$/i.test(literal);
}
