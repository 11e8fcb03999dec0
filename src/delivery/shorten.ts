import { createHash } from 'node:crypto';
import { EncodedRecord } from '../destinations/encoded-record';
import { topLevelFields } from '../json/top-level-fields';

const TEXT_BYTES = 64 * 1024;
/** A field of metadata that is longer is left out. */
const FIELD_BYTES = 4096;
/** What the stub has of its own, or in another form. */
const OWN = new Set(['content', 'truncated']);

/**
 * A record that a destination does not take whole: the same id and metadata, as they were written, the first 64 KB of its text,
 * and where in the archive the rest is.
 * @param line Without its line end.
 * @param recordBytes The longest that the destination takes: with less room there is less text, and then fewer fields.
 */
export function shorten(line: Buffer, path: string, at: number, recordBytes: number): Buffer {
  const sha256 = createHash('sha256').update(line).digest('hex');
  const truncated = JSON.stringify({ bytes: line.length, sha256, part: path, byte: at });
  const fields = topLevelFields(line).filter(({ name, field }) => !OWN.has(name) && field.length <= FIELD_BYTES);
  const text = new EncodedRecord(line).text;
  for (let textBytes = TEXT_BYTES; ; textBytes = Math.floor(textBytes / 2)) {
    const content = JSON.stringify([{ type: 'text', text: beginningOf(text, textBytes) }]);
    const parts = fields.flatMap(({ field }) => [field, Buffer.from(',')]);
    const stub = Buffer.concat([
      Buffer.from('{'),
      ...parts,
      Buffer.from(`"content":${content},"truncated":${truncated}}`),
    ]);
    if (stub.length <= recordBytes) return stub;
    if (textBytes > 0) continue;
    // The id comes first, and stays.
    if (fields.length <= 1) return stub;
    fields.pop();
  }
}

/** At most so many bytes of a text, in whole characters. */
function beginningOf(text: string, bytes: number): string {
  const cut = Buffer.from(text.slice(0, bytes)).subarray(0, bytes).toString();
  return cut.replace(/\ufffd+$/, '');
}
