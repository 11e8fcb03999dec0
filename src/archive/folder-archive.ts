import * as nodeFileSystem from 'node:fs/promises';
import { resolve } from 'node:path';
import { stageBatch } from './folder/batches';
import { close, findClosed } from './folder/close';
import { toArchiveError } from './folder/errors';
import type { FileSystem } from './folder/file-system';
import { createFiles } from './folder/files';
import { createLedger } from './folder/ledger';
import { createLists } from './folder/lists';
import { createMarker } from './folder/marker';
import { missing } from './folder/missing';
import { openWindows } from './folder/open-windows';
import { publish as publishIn } from './folder/publish';
import { createStaging } from './folder/staging';
import { tryFileSystem } from './folder/trial';
import type { OperatorEvent } from '../domain/operator-events';
import type { Signer } from '../evidence-key';
import type { Head, Published, ReadChat, Receipt } from '../domain/published';
import type { Window } from '../domain/window';
import type { Batch, Closing, Archive } from './archive';
import { ArchiveError } from './archive';

export interface FolderArchiveOptions {
  /** `FILE_DIR`: may be a symbolic link itself; inside it none is followed. */
  dir: string;
  source: string;
  fs?: FileSystem;
  /** A new part begins where one would grow beyond this. */
  partBytes?: number;
  /** With what the ledger's lines are signed. */
  readSigner?: (() => Promise<Signer>) | undefined;
}

const PART_BYTES = 256 * 1024 * 1024;

/**
 * NDJSON parts in a folder, each record exactly once, whatever crashes, repeats or runs twice. Two exclusive creations
 * decide everything: list N of a window makes its chats published, and the closing list ends it. What follows from
 * them (the parts' final names, the ledger line) is finished by whoever comes next. A marker tells the folder from any
 * other: a window that names an archive is written there and nowhere else.
 */
export function createFolderArchive({
  dir,
  source,
  fs = nodeFileSystem,
  partBytes = PART_BYTES,
  readSigner,
}: FolderArchiveOptions): Archive {
  const files = createFiles(fs, resolve(dir));
  const marker = createMarker(files, source);
  const staging = createStaging(files, source);
  const ledger = createLedger(files, source, readSigner);
  const lists = createLists(files, source);
  const space = { files, source, staging, ledger, lists, partBytes };

  async function write(batch: Batch, signal?: AbortSignal): Promise<Receipt> {
    return inArchive(batch.window, async () => stageBatch(files, await staging.open(batch.window), batch, signal));
  }

  async function publish(
    window: Window,
    chats: ReadChat[],
    gone: readonly string[] = [],
    signal?: AbortSignal,
  ): Promise<Published> {
    return inArchive(window, () => unlessClosed(window, () => publishIn(space, window, chats, gone, signal)));
  }

  async function commit(window: Window, closing: Closing, signal?: AbortSignal): Promise<Head | null> {
    return inArchive(window, async () => {
      signal?.throwIfAborted();
      await unlessClosed(window, () => close(space, window, closing));
      return ledger.headOf(window);
    });
  }

  /** Takes a step in an open window. Where another worker closes it meanwhile, whatever fails for that is no failure. */
  async function unlessClosed<T>(window: Window, step: () => Promise<T>): Promise<T | Published> {
    const before = await findClosed(space, window);
    if (before !== null) return before;
    try {
      return await step();
    } catch (error) {
      const meanwhile = await findClosed(space, window);
      if (meanwhile === null) throw error;
      return meanwhile;
    }
  }

  /** Looks at the marker before the step, so that nothing is written elsewhere, and behind it, so that nothing is believed. */
  async function inArchive<T>(window: Window, step: () => Promise<T>): Promise<T> {
    // The folder of an archive is made when it is claimed, and never again.
    if (window.archive === undefined) await files.makeSource(source);
    try {
      await marker.require(window);
      return await step().finally(() => marker.require(window));
    } catch (error) {
      // What was read in another folder is forgotten.
      if (error instanceof ArchiveError && error.code.startsWith('ARCHIVE_')) lists.forget();
      throw error;
    }
  }

  async function record(archive: string, events: readonly OperatorEvent[]): Promise<Head | null> {
    if ((await marker.read()) !== archive) return null;
    const head = await ledger.record(events);
    return (await marker.read()) === archive ? head : null;
  }

  async function last(): Promise<Window | null> {
    const line = await ledger.last();
    return line && { epoch: line.epoch, from: line.from, to: line.to };
  }

  async function has(window: Window, chatId: string): Promise<boolean> {
    await marker.require(window);
    return (await lists.read(window)).chats.has(chatId);
  }

  async function check(window?: Window): Promise<void> {
    if (window) await marker.require(window);
    await tryFileSystem(files, source);
    await ledger.last();
  }

  async function claim(id: string, over: string | null): Promise<string> {
    await tryFileSystem(files, source);
    return marker.claim(id, over);
  }

  function saying<A extends unknown[], R>(step: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
    return (...args) =>
      step(...args).catch(async (error: unknown) => {
        throw await toArchiveError(error, dir, fs);
      });
  }

  return {
    write: saying(write),
    publish: saying(publish),
    commit: saying(commit),
    record: saying(record),
    holds: saying(ledger.holds),
    last: saying(last),
    unfinished: saying(() => openWindows(lists, ledger)),
    has: saying(has),
    check: saying(check),
    id: saying(marker.read),
    claim: saying(claim),
    missing: saying(() => missing(space)),
  };
}
