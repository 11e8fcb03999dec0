import * as nodeFileSystem from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { discardBatches, joinBatches, planParts, stageBatch } from './file/batches';
import { toSinkError } from './file/errors';
import type { FileSystem } from './file/file-system';
import { createFiles, randomName } from './file/files';
import { isOlderWindow, partPath, STAGING, windowFolder } from './file/layout';
import { createLedger } from './file/ledger';
import { createLists, type Part, type WindowState } from './file/lists';
import { finishParts, nextNumber } from './file/parts';
import type { Batch, Closing, Published, ReadChat, Receipt, Sink, Window } from './sink';
import { SinkError } from './sink';

export interface FileSinkOptions {
  /** `FILE_DIR`: may be a symbolic link itself; inside it none is followed. */
  dir: string;
  source: string;
  fs?: FileSystem;
  /** A new part begins where one would grow beyond this. */
  partBytes?: number;
}

const PART_BYTES = 256 * 1024 * 1024;

/**
 * NDJSON parts in a folder, each record exactly once, whatever crashes, repeats or runs twice. Two exclusive creations
 * decide everything: list N of a window makes its chats published, and the closing list ends it. What follows from
 * them (the parts' final names, the ledger line) is finished by whoever comes next.
 */
export function createFileSink({ dir, source, fs = nodeFileSystem, partBytes = PART_BYTES }: FileSinkOptions): Sink {
  const files = createFiles(fs, resolve(dir));
  const folder = join(resolve(dir), source);
  const ledger = createLedger(files, folder);
  const lists = createLists(files, join(folder, STAGING));
  const makeFolder = (...names: string[]): Promise<string> => files.folder(source, ...names);

  async function write(batch: Batch): Promise<Receipt> {
    return stageBatch(files, await makeFolder(STAGING, windowFolder(batch.window)), batch);
  }

  async function publish(window: Window, chats: ReadChat[]): Promise<Published> {
    const line = await ledger.find(window);
    if (line !== null) {
      await cleanUp(window);
      return { totals: { chats: line.chats, records: line.records }, closed: true };
    }
    const staging = await makeFolder(STAGING, windowFolder(window));
    for (;;) {
      const state = await lists.read(window);
      if (state.closing !== null) {
        await finish(window, staging, state);
        return { totals: state.totals, closed: true };
      }
      await finishParts(files, makeFolder, folder, staging, window, state);
      const missing = unpublished(chats, state);
      if (missing.length === 0) {
        await discardBatches(files, staging, chats);
        return { totals: state.totals, closed: false };
      }
      await addList(window, staging, state, missing);
    }
  }

  /** Publishes chats in one list, or leaves it to the caller to look again where another worker was first. */
  async function addList(window: Window, staging: string, state: WindowState, chats: ReadChat[]): Promise<void> {
    const { count, totals } = state;
    const parts: Part[] = [];
    try {
      let number = await nextNumber(files, folder, window, state);
      for (const receipts of planParts(chats, partBytes)) {
        const staged = `part-${randomName()}`;
        const joined = await joinBatches(files, staging, receipts, join(staging, staged));
        parts.push({ staged, path: partPath(window, number++), ...joined });
      }
      const records = chats.flatMap((chat) => chat.receipts).reduce((sum, receipt) => sum + receipt.records, 0);
      await lists.add(window, count + 1, {
        chats: chats.map((chat) => chat.chatId),
        parts,
        totals: { chats: totals.chats + chats.length, records: totals.records + records },
      });
    } catch (error) {
      // A staged file is gone also if another worker has published its chat.
      const now = await lists.read(window);
      if (now.count <= count && now.closing === null) throw error;
    } finally {
      await discardUnlisted(window, staging, parts);
    }
  }

  /** A list that seems to have failed may be there all the same: its parts are no junk. */
  async function discardUnlisted(window: Window, staging: string, parts: Part[]): Promise<void> {
    const state = await lists.read(window);
    const listed = new Set(state.parts.map((part) => part.staged));
    for (const { staged } of parts) if (!listed.has(staged)) await files.discard(join(staging, staged));
  }

  async function commit(window: Window, { outcome, totals, requestId }: Closing): Promise<void> {
    if ((await ledger.find(window)) !== null) return cleanUp(window);
    const staging = await makeFolder(STAGING, windowFolder(window));
    for (;;) {
      const state = await lists.read(window);
      const same = state.totals.chats === totals.chats && state.totals.records === totals.records;
      if (outcome === 'completed' && state.closing?.outcome !== 'abandoned' && !same) {
        throw new SinkError(
          'TOTALS_DIFFER',
          `FILE_DIR holds ${state.totals.chats} chats and ${state.totals.records} records of this window, not the ` +
            `${totals.chats} and ${totals.records} that were published: all workers need the same FILE_DIR.`,
        );
      }
      if (state.closing !== null) return finish(window, staging, state);
      await lists.add(window, state.count + 1, { closing: { outcome, requestId } });
    }
  }

  /** Brings a window whose closing list is there to its end. */
  async function finish(window: Window, staging: string, state: WindowState): Promise<void> {
    if (state.closing === null) return;
    await finishParts(files, makeFolder, folder, staging, window, state);
    await ledger.append({
      epoch: window.epoch,
      from: window.from,
      to: window.to,
      outcome: state.closing.outcome,
      ...state.totals,
      parts: state.parts.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
      requestId: state.closing.requestId,
    });
    await cleanUp(window);
  }

  /** Removes the staging of a closed window, and what earlier windows and crashes left of theirs. */
  async function cleanUp(window: Window): Promise<void> {
    lists.forget(window);
    await retire(windowFolder(window));
    for (const name of await fs.readdir(join(folder, STAGING))) {
      // What belongs to another user stays: it is no reason to hold up this window.
      if (isOlderWindow(name, window)) await retire(name).catch(() => undefined);
      else if (/^(removed|check)-/.test(name)) await remove(name).catch(() => undefined);
    }
  }

  /** Takes a folder of staging away from all workers at once, then removes it. */
  async function retire(name: string): Promise<void> {
    const staging = await makeFolder(STAGING);
    if (!(await files.exists(join(staging, name)))) return;
    const removed = `removed-${randomName()}`;
    await fs.rename(join(staging, name), join(staging, removed)).catch(async (error: unknown) => {
      if (await files.exists(join(staging, name))) throw error;
    });
    await remove(removed);
  }

  function remove(name: string): Promise<void> {
    return fs.rm(join(folder, STAGING, name), { recursive: true, force: true });
  }

  async function has(window: Window, chatId: string): Promise<boolean> {
    return (await lists.read(window)).chats.has(chatId);
  }

  async function check(): Promise<void> {
    const probe = join(await makeFolder(STAGING), `check-${randomName()}`);
    await makeFolder('messages');
    await ledger.last();
    try {
      await files.claim(probe, 'check\n');
    } finally {
      await files.discard(probe);
    }
  }

  function saying<A extends unknown[], R>(step: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
    return (...args) =>
      step(...args).catch((error: unknown) => {
        throw toSinkError(error, dir);
      });
  }

  return {
    name: 'file',
    write: saying(write),
    publish: saying(publish),
    commit: saying(commit),
    last: saying(ledger.last),
    has: saying(has),
    check: saying(check),
  };
}

/** The chats that the window does not hold yet, each once. */
function unpublished(chats: ReadChat[], state: WindowState): ReadChat[] {
  const fresh = new Map<string, ReadChat>();
  for (const chat of chats) {
    if (!state.chats.has(chat.chatId) && !fresh.has(chat.chatId)) fresh.set(chat.chatId, chat);
  }
  return [...fresh.values()];
}
