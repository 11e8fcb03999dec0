import { isExponent, isNumberByte, mayBeAltered } from './number-literals';

const quote = 0x22;
const comma = 0x2c;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Deeper JSON is not read: JSON.parse would manage, JSON.stringify and others that recurse would not. */
export const maxDepth = 256;
/** A value takes 2 bytes in a body and up to 60 in memory; this many keep the worst body within the memory bound. */
export const maxValues = 2_000_000;

export interface JsonGuard {
  /** To be given one chunk after the other; says what is wrong, if anything. */
  look(chunk: Uint8Array): 'too-deep' | 'too-many' | undefined;
  /** Whether there was a number that JSON.parse might alter. */
  readonly sawLongNumber: boolean;
}

/**
 * Looks at JSON as it arrives, for what would cost far more memory than its bytes, and for long numbers. It does not judge
 * whether it is JSON.
 */
export function createJsonGuard(): JsonGuard {
  let depth = 0;
  let values = 0;
  let inString = false;
  let escaped = false;
  let numberLength = 0;
  let sawLongNumber = false;

  function look(chunk: Uint8Array): ReturnType<JsonGuard['look']> {
    // Every byte of a multi-byte UTF-8 character is above 0x7f: none can be taken for one of these.
    for (const byte of chunk) {
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) inString = false;
        continue;
      }
      if (isNumberByte(byte)) {
        numberLength += 1;
        // The `e` of `true` begins no exponent: nothing of a number stands before it.
        sawLongNumber ||= mayBeAltered(numberLength, numberLength > 1 && isExponent(byte));
        continue;
      }
      numberLength = 0;
      if (byte === quote) {
        inString = true;
      } else if (byte === openBracket || byte === openBrace) {
        values += 1;
        depth += 1;
        if (depth > maxDepth) return 'too-deep';
      } else if (byte === closeBracket || byte === closeBrace) {
        depth -= 1;
      } else if (byte === comma) {
        values += 1;
      }
    }
    return values > maxValues ? 'too-many' : undefined;
  }

  return {
    look,
    get sawLongNumber() {
      return sawLongNumber;
    },
  };
}
