import { createHash } from 'node:crypto';
import type { MessageRecord } from '../domain/record';
import type { Receipt } from '../domain/published';

const PIECE_BYTES = 256 * 1024;
const NEWLINE = Buffer.from('\n');

/**
 * Hands records on as lines of NDJSON, in pieces, each valid until `take` resolves: however large the batch, and however small
 * its records, no more than one piece is held.
 * @returns what a receipt says of them.
 */
export async function writeLines(
  records: Iterable<MessageRecord>,
  take: (piece: Buffer) => Promise<void>,
): Promise<Omit<Receipt, 'name'>> {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  const written = { records: 0, bytes: 0 };
  let used = 0;
  async function flush(): Promise<void> {
    const full = piece.subarray(0, used);
    hash.update(full);
    written.bytes += used;
    used = 0;
    await take(full);
  }
  for (const { json } of records) {
    for (const part of [...json, NEWLINE]) {
      for (let at = 0; at < part.length;) {
        if (used === piece.length) await flush();
        const count = part.copy(piece, used, at);
        used += count;
        at += count;
      }
    }
    written.records += 1;
  }
  if (used > 0) await flush();
  return { ...written, sha256: hash.digest('hex') };
}
