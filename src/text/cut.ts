/** The longest reason: Temporal replaces a failure beyond 4 KiB with a remark of its own, and details need room. */
export const LONGEST_REASON_BYTES = 1000;

const MORE = '…';

/** A value's size as JSON in UTF-8, bytes: what it takes in a payload. */
export function jsonBytes(value: string | object): number {
  let bytes = 0;
  for (const character of JSON.stringify(value)) bytes += utf8Bytes(character);
  return bytes;
}

/** The text, or as much of its beginning as takes at most `most` bytes as JSON; never half a character. */
export function cut(text: string, most: number): string {
  if (jsonBytes(text) <= most) return text;
  let bytes = jsonBytes(MORE);
  let kept = '';
  for (const character of text) {
    bytes += jsonBytes(character) - 2;
    if (bytes > most) break;
    kept += character;
  }
  return kept + MORE;
}

function utf8Bytes(character: string): number {
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;
  return point < 0x10000 ? 3 : 4;
}
