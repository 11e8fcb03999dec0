import { topLevelFields } from '../json/top-level-fields';
import { rfc3339Ms } from '../domain/rfc3339';
import { isOfAnotherLedger, type Entry, type Log, type PartEntry } from './log';
import { lineGroupsIn, NEWLINE } from './read/lines';

const NAME_DIGITS = 16;

/** Records of one chat that stand behind each other in a part. */
export interface Place {
  chatId: string;
  entry: Entry;
  part: PartEntry;
  /** Bytes of the part. */
  from: number;
  to: number;
  records: number;
  /** When the first and the last of them were created, ms. */
  firstMs: number;
  lastMs: number;
}

/** A line of an index file: chat, number of the part in its entry, bytes from and to, records, times of the first and the last. */
type Row = [chatId: string, part: number, from: number, to: number, records: number, firstMs: number, lastMs: number];

/**
 * Which chats an archive holds, and where. It is made from the parts, once for each closed window, and kept beside them in
 * `chats/<number of the line>-<begin of its SHA-256>.ndjson`: so it knows what `ARCHIVE_KEEP` has removed, too, and nothing of another copy of
 * the ledger. A file of it that is lost is made anew as long as the parts are there.
 */
export class ChatIndex {
  #places = new Map<string, Place[]>();
  /** The last line that is in it. */
  #through = 0;
  #after: string | null = null;
  /** A part was not as it was written, and may be restored. */
  #isDamaged = false;

  constructor(private readonly log: Log) {}

  /** Takes in what has been closed since. @throws ArchiveError */
  async update(signal?: AbortSignal): Promise<void> {
    if (this.#isDamaged) return this.#readAnew(signal);
    try {
      await this.#takeIn(signal);
    } catch (error) {
      if (!isOfAnotherLedger(error)) throw error;
      await this.#readAnew(signal);
    }
  }

  /** What is known is known until all of it is read: others look at it meanwhile. */
  async #readAnew(signal: AbortSignal | undefined): Promise<void> {
    const anew = new ChatIndex(this.log);
    await anew.#takeIn(signal);
    this.#places = anew.#places;
    this.#through = anew.#through;
    this.#after = anew.#after;
    this.#isDamaged = anew.#isDamaged;
  }

  async #takeIn(signal: AbortSignal | undefined): Promise<void> {
    for await (const entry of this.log.entries(this.#through + 1, this.#after)) {
      if (entry.outcome === null) break;
      signal?.throwIfAborted();
      for (const place of await this.#placesOf(entry)) {
        const places = this.#places.get(place.chatId);
        if (places) places.push(place);
        else this.#places.set(place.chatId, [place]);
      }
      this.#through = entry.n;
      this.#after = entry.sha256;
    }
  }

  get chats(): number {
    return this.#places.size;
  }

  has(chatId: string): boolean {
    return this.#places.has(chatId);
  }

  of(chatId: string): readonly Place[] {
    return this.#places.get(chatId) ?? [];
  }

  ids(): Iterable<string> {
    return this.#places.keys();
  }

  async #placesOf(entry: Entry): Promise<Place[]> {
    const { rows, isWhole } = await rowsFor(this.log, entry);
    this.#isDamaged ||= !isWhole;
    return placesOf(entry, rows);
  }
}

/** Makes the file of an entry, before its parts are removed. */
export async function keepChatIndex(log: Log, entry: Entry): Promise<void> {
  await rowsFor(log, entry);
}

/** Reads the file of an entry, or makes it. `isWhole`: its parts are as they were written, by their size. */
async function rowsFor(log: Log, entry: Entry): Promise<{ rows: Row[]; isWhole: boolean }> {
  if (entry.parts.length === 0) return { rows: [], isWhole: true };
  const file = log.file('chats', `${entry.n}-${entry.sha256?.slice(0, NAME_DIGITS) ?? ''}.ndjson`);
  const kept = rowsIn(await file.read());
  if (kept) return { rows: kept, isWhole: true };
  const rows: Row[] = [];
  let isWhole = true;
  for (const [i, part] of entry.parts.entries()) {
    const { found, bytes } = await rowsOf(log, part, i);
    rows.push(...found);
    isWhole &&= bytes === part.bytes;
  }
  if (isWhole) await file.write(rows.map((row) => `${JSON.stringify(row)}\n`).join(''), true);
  // What was removed on purpose does not come back.
  return { rows, isWhole: isWhole || entry.isRemoved };
}

function placesOf(entry: Entry, rows: readonly Row[]): Place[] {
  return rows.flatMap(([chatId, number, from, to, records, firstMs, lastMs]) => {
    const part = entry.parts[number];
    return part ? [{ chatId, entry, part, from, to, records, firstMs, lastMs }] : [];
  });
}

/** Null for a file that is not there, or not whole. */
function rowsIn(text: string | null): Row[] | null {
  if (text === null || !text.endsWith('\n')) return null;
  try {
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
  } catch {
    return null;
  }
}

/** What a part holds, whatever was done to it. @returns `bytes`: how many were read. */
async function rowsOf(log: Log, { path }: PartEntry, number: number): Promise<{ found: Row[]; bytes: number }> {
  const found: Row[] = [];
  let at = 0;
  for await (const lines of lineGroupsIn((await log.slice(path, 0, undefined)) ?? nothing())) {
    for (const line of lines) {
      const head = readableHeadOf(line);
      const last = found.at(-1);
      const to = at + line.length;
      if (head && last?.[0] === head.chatId && last[3] === at) {
        last[3] = to;
        last[4] += 1;
        last[5] = Math.min(last[5], head.createdMs);
        last[6] = Math.max(last[6], head.createdMs);
      } else if (head) found.push([head.chatId, number, at, to, 1, head.createdMs, head.createdMs]);
      at = to;
    }
  }
  return { found, bytes: at };
}

async function* nothing(): AsyncGenerator<Buffer> {}

/** What a line of a part says of its message. */
export interface RecordHead {
  id: string;
  chatId: string;
  /** NaN if it is no time. */
  createdMs: number;
}

/** @param line With its line end. @returns null for what is no record. */
export function readableHeadOf(line: Buffer): RecordHead | null {
  if (line.at(-1) !== NEWLINE) return null;
  const head: Record<string, unknown> = {};
  try {
    for (const { name, field } of topLevelFields(line.subarray(0, -1))) {
      if (['id', 'chat_id', 'created_at'].includes(name)) Object.assign(head, JSON.parse(`{${field.toString()}}`));
    }
  } catch {
    return null;
  }
  const { id, chat_id, created_at } = head;
  if (typeof id !== 'string' || typeof chat_id !== 'string' || typeof created_at !== 'string') return null;
  return { id, chatId: chat_id, createdMs: rfc3339Ms(created_at) ?? NaN };
}
