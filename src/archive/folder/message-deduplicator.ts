import { createHash } from 'node:crypto';
import { z } from 'zod';

const NEWLINE = 0x0a;
/** As a record's line begins, unless a field of the API's looks like an integer, which JavaScript puts first. */
const ID = /^\{"id":("(?:[^"\\]|\\.)*")/;
const ID_BYTES = 1024;
const recordSchema = z.object({ id: z.string() });

/** Lets each record of a chat through once, the first of each id: the API may begin a page with what ended the one before. */
export class MessageDeduplicator {
  /** Records that were not let through. */
  repeated = 0;
  /** Those of them whose line was another than the first one's. */
  conflicts = 0;
  /** The hash of the first line of each id. */
  private readonly seen = new Map<string, string>();
  private begun: Buffer[] = [];

  /** @param piece Of a file of whole lines. @returns those that end in it, but for the repeated ones. */
  filter(piece: Buffer): Buffer {
    const kept: Buffer[] = [];
    let from = 0;
    for (let end = piece.indexOf(NEWLINE); end !== -1; end = piece.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([...this.begun, piece.subarray(from, end + 1)]);
      this.begun = [];
      from = end + 1;
      if (this.isFirst(line)) kept.push(line);
    }
    // The reader's buffer is used again for its next piece.
    if (from < piece.length) this.begun.push(Buffer.from(piece.subarray(from)));
    return Buffer.concat(kept);
  }

  private isFirst(line: Buffer): boolean {
    const id = ID.exec(line.toString('utf8', 0, ID_BYTES))?.[1] ?? parsedId(line);
    const hash = createHash('sha256').update(line).digest('base64');
    const first = this.seen.get(id);
    if (first === undefined) {
      this.seen.set(id, hash);
      return true;
    }
    this.repeated += 1;
    if (first !== hash) this.conflicts += 1;
    return false;
  }
}

const parsedId = (line: Buffer): string => JSON.stringify(recordSchema.parse(JSON.parse(line.toString('utf8'))).id);
