import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFolderArchive } from '../src/archive/folder-archive';
import { createFolderLog } from '../src/archive/folder-log';
import type { ReadChat } from '../src/domain/published';
import type { Window } from '../src/domain/window';
import { SOURCE } from './environment';
import { recordsOf } from './made-records';

const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.parse('2026-04-01T00:00:00Z');
const ID = 'a-made-archive';
const WINDOWS = 5;
const RECORDS_PER_CHAT = 2500;
const CHATS_PER_PART = 4;

export interface ArchiveSpec {
  records: number;
  /** About so many bytes each; with 0 they have no text. */
  textBytes: number;
}

/** A real archive, written without a sync. */
export interface MadeArchive {
  /** FILE_DIR */
  dir: string;
  /** The number of the ledger's last line. */
  entries: number;
  /** Paths of its parts, in order. */
  parts: string[];
  bytes: number;
  /** Forgets how far destinations are: all are new to it again. */
  forget(): Promise<void>;
}

/** Archives of a run: each is made once, and shared. */
export interface Archives {
  of(spec: ArchiveSpec): Promise<MadeArchive>;
  remove(): Promise<void>;
}

/** @param say Reports progress, a line at a time. */
export function createArchives(say: (line: string) => void): Archives {
  const made = new Map<string, Promise<MadeArchive>>();
  const folders: string[] = [];
  return {
    async of(spec) {
      const key = JSON.stringify(spec);
      const there = made.get(key);
      if (there) return there;
      say(`an archive of ${spec.records} messages ...`);
      const dir = await mkdtemp(join(tmpdir(), 'chat-sync-made-archive-'));
      folders.push(dir);
      const archive = make(dir, spec);
      made.set(key, archive);
      return archive;
    },
    async remove() {
      for (const dir of folders) await rm(dir, { recursive: true, force: true });
    },
  };
}

async function make(dir: string, spec: ArchiveSpec): Promise<MadeArchive> {
  const archive = createFolderArchive({ dir, source: SOURCE });
  await archive.claim(ID, null);
  const perWindow = Math.ceil(spec.records / WINDOWS);
  for (let first = 0, day = 0; first < spec.records; first += perWindow, day += 1) {
    await makeWindow(archive, day, first, Math.min(first + perWindow, spec.records), spec.textBytes);
  }
  const entries = [];
  for await (const entry of createFolderLog(dir, SOURCE).entries(1)) entries.push(entry);
  const parts = entries.flatMap((entry) => entry.parts);
  return {
    dir,
    entries: entries.length,
    parts: parts.map(({ path }) => join(dir, SOURCE, path)),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    forget: () => rm(join(dir, SOURCE, 'positions'), { recursive: true, force: true }),
  };
}

/** Writes the records from number `first` up to `end` as a window of their own. */
async function makeWindow(
  archive: ReturnType<typeof createFolderArchive>,
  day: number,
  first: number,
  end: number,
  textBytes: number,
): Promise<void> {
  const from = FIRST_DAY_MS + day * DAY_MS;
  const window: Window = {
    epoch: 0,
    from: new Date(from).toISOString(),
    to: new Date(from + DAY_MS).toISOString(),
    archive: ID,
  };
  let totals = { chats: 0, records: 0 };
  let chats: ReadChat[] = [];
  for (let start = first; start < end; start += RECORDS_PER_CHAT) {
    const chatId = `claude_chat_${start}`;
    const records = recordsOf(chatId, { first: start, end: Math.min(start + RECORDS_PER_CHAT, end), from, textBytes });
    chats.push({ chatId, receipts: [await archive.write({ window, chatId, records })] });
    if (chats.length < CHATS_PER_PART && start + RECORDS_PER_CHAT < end) continue;
    ({ totals } = await archive.publish(window, chats));
    chats = [];
  }
  await archive.commit(window, { outcome: 'completed', totals, requestId: null });
}
