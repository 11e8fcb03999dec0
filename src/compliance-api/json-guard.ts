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

/**
 * Looks at JSON as it arrives, for what would cost far more memory than its bytes. The returned function is given one
 * chunk after the other and says what is wrong, if anything. It does not judge whether it is JSON.
 */
export function createJsonGuard(): (chunk: Uint8Array) => 'too-deep' | 'too-many' | undefined {
  let depth = 0;
  let values = 0;
  let inString = false;
  let escaped = false;

  return (chunk) => {
    // Every byte of a multi-byte UTF-8 character is above 0x7f: none can be taken for one of these.
    for (const byte of chunk) {
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) inString = false;
      } else if (byte === quote) {
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
  };
}
