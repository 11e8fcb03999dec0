/** What Temporal shows of a failure in full, with room for its details: beyond 4 KiB it puts a remark of its own instead. */
export const LONGEST_REASON_BYTES = 1000;

const MORE = '…';

/** The size of a value as JSON in UTF-8, bytes: what it takes in a payload. */
export function jsonBytes(value: string | object): number {
  let bytes = 0;
  for (const character of JSON.stringify(value)) bytes += utf8Bytes(character);
  return bytes;
}

/** The text, or its beginning, so that it takes at most so many bytes as JSON; never half a character. */
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
