import { messageDigest, type MessageDigest } from '../json/message-digest';
import { ChatIndex, readableHeadOf, type Place, type RecordHead } from './chat-index';
import type { Log } from './log';
import { lineGroupsIn } from './read/lines';

/** What an archive holds of one chat. */
export interface ArchivedChat {
  /** By id. */
  messages: ReadonlyMap<string, ArchivedMessage>;
  /** Ids that stand twice in an epoch, though each should once. */
  doubled: readonly string[];
  /** Times within which messages were in parts that are removed by now, ms: whether one was there cannot be told. */
  removed: readonly { fromMs: number; toMs: number }[];
}

export interface ArchivedMessage {
  createdMs: number;
  digest: MessageDigest;
}

/** The chats of an archive, for whoever compares it with something else. Methods throw ArchiveError. */
export interface ArchivedChats {
  /** Brings what is known to the end of the ledger; windows that are open are not in it. */
  update(signal?: AbortSignal): Promise<void>;
  readonly count: number;
  has(chatId: string): boolean;
  of(chatId: string): Promise<ArchivedChat>;
  /** Messages of the chat that were created in a span of time, by ms, in parts that were removed too. */
  countIn(chatId: string, fromMs: number, toMs: number): number;
  ids(): Iterable<string>;
}

export function createArchivedChats(log: Log): ArchivedChats {
  const index = new ChatIndex(log);
  let updating: Promise<void> | undefined;

  /** One at a time: each takes in what is new. */
  async function update(signal?: AbortSignal): Promise<void> {
    updating ??= index.update(signal).finally(() => (updating = undefined));
    await updating;
  }

  async function of(chatId: string): Promise<ArchivedChat> {
    const messages = new Map<string, ArchivedMessage>();
    const epochs = new Map<string, Set<number>>();
    const doubled = new Set<string>();
    const removed: { fromMs: number; toMs: number }[] = [];
    for (const place of index.of(chatId)) {
      const { entry, firstMs, lastMs } = place;
      const lines = await linesAt(place);
      // Perhaps since the entry was read: the ledger says so before a part goes.
      if (lines === null && entry.n <= (await log.removedThrough())) removed.push({ fromMs: firstMs, toMs: lastMs });
      for (const { line, id, createdMs } of lines ?? []) {
        messages.set(id, { createdMs, digest: messageDigest(line) });
        const seen = epochs.get(id) ?? new Set();
        epochs.set(id, seen);
        if (entry.isRepeating || entry.outcome !== 'completed') continue;
        if (seen.has(entry.window.epoch)) doubled.add(id);
        seen.add(entry.window.epoch);
      }
    }
    return { messages, doubled: [...doubled], removed };
  }

  /** Null if its part is not there. */
  async function linesAt(place: Place): Promise<Line[] | null> {
    const found = await linesOf(place, place.from, place.to);
    if (found === null || found.length === place.records) return found;
    // The part was changed by hand: where its lines are is not known any more.
    return linesOf(place, 0, undefined);
  }

  /** The lines of the chat between two bytes of the part. */
  async function linesOf({ part, chatId }: Place, from: number, to: number | undefined): Promise<Line[] | null> {
    const content = await log.slice(part.path, from, to);
    if (content === null) return null;
    const lines: Line[] = [];
    for await (const group of lineGroupsIn(content)) {
      for (const line of group) {
        const head = readableHeadOf(line);
        if (head?.chatId === chatId) lines.push({ line: line.subarray(0, -1), ...head });
      }
    }
    return lines;
  }

  return {
    update,
    of,
    get count() {
      return index.chats;
    },
    has: (chatId) => index.has(chatId),
    ids: () => index.ids(),
    countIn: (chatId, fromMs, toMs) =>
      index
        .of(chatId)
        .filter(({ firstMs, lastMs }) => firstMs < toMs && lastMs >= fromMs)
        .reduce((sum, { records }) => sum + records, 0),
  };
}

interface Line extends RecordHead {
  line: Buffer;
}
