import * as nodeFileSystem from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { discardBatches, joinBatches, planParts, stageBatch } from './file/batches';
import { toSinkError } from './file/errors';
import type { FileSystem } from './file/file-system';
import { createFiles, randomName } from './file/files';
import { partPath, STAGING } from './file/layout';
import { createLedger } from './file/ledger';
import { createLists, type Part, type WindowState } from './file/lists';
import { Once } from './file/once';
import { finishParts, nextNumber } from './file/parts';
import { createStaging } from './file/staging';
import type { Batch, Closing, Published, ReadChat, Receipt, Sink, Window } from './sink';
import { healedOf, recordsOf, SinkError } from './sink';

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
  const staging = createStaging(files, source);
  const ledger = createLedger(files, folder);
  const lists = createLists(files, staging.path);

  async function write(batch: Batch): Promise<Receipt> {
    return stageBatch(files, await staging.open(batch.window), batch);
  }

  async function publish(window: Window, chats: ReadChat[]): Promise<Published> {
    return unlessClosed(window, () => publishOpen(window, chats));
  }

  async function commit(window: Window, closing: Closing): Promise<void> {
    await unlessClosed(window, () => commitOpen(window, closing));
  }

  /** Takes a step in an open window. Where another worker closes it meanwhile, whatever fails for that is no failure. */
  async function unlessClosed<T>(window: Window, step: () => Promise<T>): Promise<T | Published> {
    const before = await findClosed(window);
    if (before !== null) return before;
    try {
      return await step();
    } catch (error) {
      const meanwhile = await findClosed(window);
      if (meanwhile === null) throw error;
      return meanwhile;
    }
  }

  async function findClosed(window: Window): Promise<Published | null> {
    const line = await ledger.find(window);
    if (line === null) return null;
    lists.forget(window);
    await staging.close(window);
    const totals = { chats: line.chats, records: line.records };
    return { totals, healed: line.healed ?? [], gone: 0, conflicts: 0, closed: true, ...givenUp(line) };
  }

  async function publishOpen(window: Window, chats: ReadChat[]): Promise<Published> {
    const open = await staging.open(window);
    for (;;) {
      const state = await lists.read(window);
      if (state.closing !== null) {
        await finish(window, open, state);
        return {
          totals: state.totals,
          healed: state.healed,
          gone: 0,
          conflicts: 0,
          closed: true,
          ...givenUp(state.closing),
        };
      }
      await finishParts(files, source, open, window, state);
      const missing = unpublished(chats, state);
      if (missing.length === 0) {
        await discardBatches(files, open, chats);
        return { totals: state.totals, healed: [...state.healed], gone: 0, conflicts: 0, closed: false };
      }
      await addList(window, open, state, missing);
    }
  }

  /** Publishes chats in one list, or leaves it to the caller to look again where another worker was first. */
  async function addList(window: Window, open: string, state: WindowState, chats: ReadChat[]): Promise<void> {
    const { count, totals } = state;
    const parts: Part[] = [];
    const once = new Map(chats.filter(({ receipts }) => receipts.length > 1).map(({ chatId }) => [chatId, new Once()]));
    try {
      let number = await nextNumber(files, source, window, state);
      for (const batches of planParts(chats, once, partBytes)) {
        const staged = `part-${randomName()}`;
        const joined = await joinBatches(files, open, batches, join(open, staged));
        parts.push({ staged, path: partPath(window, number), ...joined });
        if (joined.bytes > 0) number += 1;
      }
      const written = (chat: ReadChat): number => recordsOf([chat]) - (once.get(chat.chatId)?.repeated ?? 0);
      const records = chats.reduce((sum, chat) => sum + written(chat), totals.records);
      await lists.add(window, count + 1, {
        chats: chats.map((chat) => chat.chatId),
        healed: healedOf(chats, written),
        parts: parts.filter(({ bytes }) => bytes > 0),
        totals: { chats: totals.chats + chats.length, records },
      });
    } catch (error) {
      // A staged file is gone also if another worker has published its chat.
      const now = await lists.read(window);
      if (now.count <= count && now.closing === null) throw error;
    } finally {
      await discardUnlisted(window, open, parts);
    }
  }

  /** A list that seems to have failed may be there all the same: its parts are no junk. */
  async function discardUnlisted(window: Window, open: string, parts: Part[]): Promise<void> {
    const state = await lists.read(window);
    const listed = new Set(state.parts.map((part) => part.staged));
    for (const { staged } of parts) if (!listed.has(staged)) await files.discard(join(open, staged));
  }

  async function commitOpen(window: Window, { outcome, totals, requestId }: Closing): Promise<void> {
    const open = await staging.open(window);
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
      if (state.closing !== null) return finish(window, open, state);
      await lists.add(window, state.count + 1, { closing: { outcome, requestId } });
    }
  }

  /** Brings a window whose closing list is there to its end. */
  async function finish(window: Window, open: string, state: WindowState): Promise<void> {
    if (state.closing === null) return;
    await finishParts(files, source, open, window, state);
    await ledger.append({
      epoch: window.epoch,
      from: window.from,
      to: window.to,
      outcome: state.closing.outcome,
      ...state.totals,
      parts: state.parts.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
      requestId: state.closing.requestId,
      ...(state.healed.length > 0 && { healed: state.healed }),
    });
    lists.forget(window);
    await staging.close(window);
  }

  async function unfinished(): Promise<Window[]> {
    const open: Window[] = [];
    for (const window of await lists.windows()) {
      const isOpen = await ledger.find(window).then(
        (line) => line === null,
        (error: unknown) => {
          // What the ledger is beyond can never be closed, and goes with the next window.
          if (error instanceof SinkError && error.code === 'STALE_WINDOW') return false;
          throw error;
        },
      );
      if (isOpen) open.push(window);
    }
    return open;
  }

  async function has(window: Window, chatId: string): Promise<boolean> {
    return (await lists.read(window)).chats.has(chatId);
  }

  async function check(): Promise<void> {
    const probe = join(await files.folder(source, STAGING), `check-${randomName()}`);
    await files.folder(source, 'messages');
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
    unfinished: saying(unfinished),
    has: saying(has),
    check: saying(check),
  };
}

const givenUp = ({ outcome }: Pick<Closing, 'outcome'>): Pick<Published, 'abandoned'> =>
  outcome === 'abandoned' ? { abandoned: true } : {};

/** The chats that the window does not hold yet, each once. */
function unpublished(chats: ReadChat[], state: WindowState): ReadChat[] {
  const fresh = new Map<string, ReadChat>();
  for (const chat of chats) {
    if (!state.chats.has(chat.chatId) && !fresh.has(chat.chatId)) fresh.set(chat.chatId, chat);
  }
  return [...fresh.values()];
}
