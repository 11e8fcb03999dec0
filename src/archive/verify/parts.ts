import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { codeOf, hasCode } from '../folder/errors';
import type { PartEntry } from '../log';
import { readableHeadOf, type RecordHead } from '../chat-index';
import { linesIn, NEWLINE } from '../read/lines';
import { type Finding, wrong } from './finding';
import { IdIndex } from './id-index';

const READ_BYTES = 1024 * 1024;
const START = Buffer.from('{"id":"');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** More than any id has; a longer one is found by its beginning. */
const LONGEST_START = 4096;
const RESTORE = 'restore it from a copy, or from a destination; `chat-sync rewind` reads what it held again';

/** A part and the epoch of its window; null: its ids may stand elsewhere too. */
export interface CheckedPart extends PartEntry {
  epoch: number | null;
}

/** Reads parts and looks for what is not as the ledger says. */
export class PartChecker {
  readonly #ids = new IdIndex();
  readonly #paths: string[] = [];
  records = 0;
  bytes = 0;

  constructor(
    private readonly folder: string,
    private readonly tell: (finding: Finding) => void,
  ) {}

  /** @returns how many records the part holds; null if it is not what was written. */
  async check({ path, bytes, sha256, epoch }: CheckedPart): Promise<number | null> {
    const hash = createHash('sha256');
    const file = this.#paths.push(path) - 1;
    const lines = new LineStarts((id, byte) => {
      if (id === null) this.tell(wrong('record-unreadable', path, `holds no record at byte ${byte}`, RESTORE));
      else if (epoch !== null) this.#ids.add(epoch, id, { file, byte });
    });
    let size = 0;
    try {
      for await (const chunk of createReadStream(join(this.folder, path), { highWaterMark: READ_BYTES })) {
        const buffer = chunk as Buffer;
        hash.update(buffer);
        lines.take(buffer, size);
        size += buffer.length;
      }
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) throw error;
      if (code === 'ENOENT') this.tell(wrong('part-missing', path, 'is not there', RESTORE));
      else this.tell(wrong('part-altered', path, `cannot be read (${code})`, RESTORE));
      return null;
    }
    this.bytes += size;
    this.records += lines.count;
    if (size !== bytes) {
      this.tell(wrong('part-altered', path, `has ${size} bytes, and was written with ${bytes}`, RESTORE));
      return null;
    }
    if (hash.digest('hex') !== sha256) {
      this.tell(wrong('part-altered', path, 'holds something else than was written (SHA-256)', RESTORE));
      return null;
    }
    return lines.count;
  }

  /** Tells of messages that stand twice in an epoch. The same id in two chats is two messages: a copied chat may keep its ids. */
  async findRepeated(): Promise<void> {
    for (const [one, other] of this.#ids.suspects()) {
      const [first, second] = [await this.#headAt(one), await this.#headAt(other)];
      if (first === null || first.id !== second?.id || first.chatId !== second.chatId) continue;
      const where = this.#paths[other.file] ?? '';
      const says = `holds message ${first.id} (byte ${other.byte}), which ${this.#paths[one.file] ?? ''} holds too (byte ${one.byte})`;
      this.tell(
        wrong(
          'message-repeated',
          where,
          says,
          'this is no damage: did the API give it another `created_at` after it was archived? If not, please report it with the ledger',
        ),
      );
    }
  }

  /** Null: it is no record, or its part was removed meanwhile. */
  async #headAt({ file, byte }: { file: number; byte: number }): Promise<RecordHead | null> {
    try {
      const bytes = createReadStream(join(this.folder, this.#paths[file] ?? ''), { start: byte });
      for await (const line of linesIn(bytes)) return readableHeadOf(line);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
    return null;
  }

  close(): void {
    this.#ids.close();
  }
}

/** Finds the beginning of each line in pieces of a file, and the id there. */
class LineStarts {
  count = 0;
  #carried = Buffer.alloc(0);
  #at = 0;
  #isStart = true;

  constructor(private readonly tell: (id: Buffer | null, byte: number) => void) {}

  /** @param offset Where in the file the piece begins. */
  take(chunk: Buffer, offset: number): void {
    for (let i = 0; i < chunk.length;) {
      const end = chunk.indexOf(NEWLINE, i);
      if (this.#isStart && this.#carried.length === 0) this.#at = offset + i;
      if (this.#isStart) this.#begin(chunk, i, end);
      if (end === -1) return;
      this.count += 1;
      this.#isStart = true;
      this.#carried = Buffer.alloc(0);
      i = end + 1;
    }
  }

  #begin(chunk: Buffer, from: number, end: number): void {
    const rest = chunk.subarray(from, end === -1 ? Math.min(chunk.length, from + LONGEST_START) : end);
    const start = this.#carried.length === 0 ? rest : Buffer.concat([this.#carried, rest]);
    const id = idIn(start);
    if (id === null && end === -1 && start.length < LONGEST_START) {
      this.#carried = Buffer.from(start);
      return;
    }
    this.tell(id, this.#at);
    this.#carried = Buffer.alloc(0);
    this.#isStart = false;
  }
}

/** The id of a record, as it is written, by the beginning of its line. */
function idIn(start: Buffer): Buffer | null {
  if (start.compare(START, 0, START.length, 0, Math.min(START.length, start.length)) !== 0) return null;
  for (let end = START.length; end < start.length; end++) {
    if (start[end] === BACKSLASH) end += 1;
    else if (start[end] === QUOTE) return start.subarray(START.length, end);
  }
  return null;
}
