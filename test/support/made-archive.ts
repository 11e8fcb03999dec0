import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFolderArchive } from '../../src/archive/folder-archive';
import { createFolderLog } from '../../src/archive/folder-log';
import type { Log } from '../../src/archive/log';
import type { Head, ReadChat } from '../../src/domain/published';
import type { Signer } from '../../src/evidence-key';
import type { Window } from '../../src/domain/window';

/** A real archive in a folder, written window by window. */
export interface MadeArchive {
  readonly dir: string;
  readonly source: string;
  /** FILE_DIR/<source> */
  readonly folder: string;
  readonly log: Log;
  /** Publishes chats, each a list of records in JSON, as one more part of the window that is open. */
  publish(...chats: string[][]): Promise<void>;
  /** Closes the window. */
  close(outcome?: 'completed' | 'abandoned'): Promise<Head | null>;
  /** `publish` of each, and `close`. */
  window(...parts: string[][][]): Promise<void>;
  /** Writes a line of something else than a window. */
  pause(): Promise<void>;
  remove(): Promise<void>;
}

const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.parse('2026-04-01T00:00:00Z');

/** The end of a day's window, from 0. */
export const endOfDay = (day: number): string => new Date(FIRST_DAY_MS + (day + 1) * DAY_MS).toISOString();

export async function makeArchive(
  source = 'made',
  id = 'an-archive',
  readSigner?: () => Promise<Signer>,
): Promise<MadeArchive> {
  const dir = await mkdtemp(join(tmpdir(), 'made-archive-'));
  const archive = createFolderArchive({ dir, source, readSigner });
  await archive.claim(id, null);
  let day = 0;
  let chats = 0;
  let totals = { chats: 0, records: 0 };
  const current = (): Window => ({
    epoch: 0,
    from: new Date(FIRST_DAY_MS + day * DAY_MS).toISOString(),
    to: endOfDay(day),
    archive: id,
  });

  const made: MadeArchive = {
    ...{ dir, source, folder: join(dir, source), log: createFolderLog(dir, source) },
    async publish(...lists) {
      const read: ReadChat[] = [];
      for (const list of lists) {
        const chatId = `chat-${(chats += 1)}`;
        const records = list.map((json) => ({ id: '', createdAt: '', json: [Buffer.from(json)] }));
        read.push({ chatId, receipts: [await archive.write({ window: current(), chatId, records })] });
      }
      ({ totals } = await archive.publish(current(), read));
    },
    async close(outcome = 'completed') {
      const head = await archive.commit(current(), { outcome, totals, requestId: null });
      day += 1;
      totals = { chats: 0, records: 0 };
      return head;
    },
    async window(...parts) {
      for (const part of parts) await made.publish(...part);
      await made.close();
    },
    async pause() {
      const event = { event: 'paused', id: randomUUID(), time: new Date().toISOString(), reason: '' } as const;
      await archive.record(id, [event]);
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
  return made;
}

/** A record as the archive holds it, in JSON. @param more Fields of its own, or content. */
export const recordOf = (id: string, more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    ...{ id, role: 'user', created_at: '2026-04-08T14:30:45.123Z', content: [{ type: 'text', text: `text of ${id}` }] },
    ...{ files: null, artifacts: null, chat_id: 'chat-1', chat_name: 'A chat' },
    chat_user: { id: 'user_1', email_address: 'user@example.com' },
    ...{ organization_id: 'org_1', organization_uuid: '550e8400-e29b-41d4-a716-446655440000', project_id: '' },
    ...more,
  });

/** Records of one chat, in order. */
export const recordsOfChat = (chatId: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => recordOf(`${chatId}-${String(i).padStart(5, '0')}`, { chat_id: chatId }));
