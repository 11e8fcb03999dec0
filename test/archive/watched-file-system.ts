import { constants } from 'node:fs';
import * as node from 'node:fs/promises';
import type { FileSystem, Handle } from '../../src/archive/folder/file-system';

export interface Operation {
  name: string;
  path: string;
  /** Where a link or a rename goes to. */
  to?: string;
}
/** Runs an operation, or not; `torn` does a part of it. */
export type Watch = (operation: Operation, run: () => Promise<void>, torn: () => Promise<void>) => Promise<void>;

/** The real file system, each operation of which goes through `watch`. Nothing is waited for to reach the disk. */
export function watchedFileSystem(watch: Watch): FileSystem {
  async function through<T>(operation: Operation, run: () => Promise<T>, torn?: () => Promise<unknown>): Promise<T> {
    const results: T[] = [];
    const step = async (): Promise<void> => void results.push(await run());
    await watch(operation, step, async () => {
      await torn?.();
    });
    for (const result of results) return result;
    throw new Error('the operation was left out');
  }

  function watchedHandle(handle: Handle, path: string): Handle {
    return {
      read: (...args) => through({ name: 'read', path }, () => handle.read(...args)),
      write: (bytes, offset, length, position) =>
        through(
          { name: 'write', path },
          () => handle.write(bytes, offset, length, position),
          () => handle.write(bytes, offset, Math.floor(length / 2), position),
        ),
      stat: () => through({ name: 'fstat', path }, () => handle.stat()),
      sync: () => through({ name: 'sync', path }, () => Promise.resolve()),
      // A process that dies closes its files.
      close: () => through({ name: 'close', path }, () => handle.close()).finally(() => handle.close().catch(() => {})),
    };
  }

  return {
    open: (path, flags, mode) =>
      through({ name: flags & constants.O_CREAT ? 'create' : 'open', path }, async () =>
        watchedHandle(await node.open(path, flags, mode), path),
      ),
    lstat: (path) => through({ name: 'lstat', path }, () => node.lstat(path)),
    readdir: (path) => through({ name: 'readdir', path }, () => node.readdir(path)),
    mkdir: (path, options) => through({ name: 'mkdir', path }, () => node.mkdir(path, options)),
    rename: (path, to) => through({ name: 'rename', path, to }, () => node.rename(path, to)),
    link: (path, to) => through({ name: 'link', path, to }, () => node.link(path, to)),
    unlink: (path) => through({ name: 'unlink', path }, () => node.unlink(path)),
    statfs: (path) => through({ name: 'statfs', path }, () => node.statfs(path)),
    rm: (path, options) => through({ name: 'rm', path }, () => node.rm(path, options)),
  };
}

/** A file system that never fails of itself. */
export const plainFileSystem = watchedFileSystem((_, run) => run());

export class Killed extends Error {}

const changing = ['create', 'write', 'mkdir', 'rename', 'link', 'unlink', 'rm'];

/**
 * Stops at the change with this number, in the middle of it if it is a write, and never goes on. What only looks is not
 * counted: to die there leaves the same behind as to die at the next change.
 */
export function dyingFileSystem(number: number): FileSystem {
  let left = number;
  return watchedFileSystem(async ({ name }, run, torn) => {
    if (changing.includes(name)) left -= 1;
    if (left === 0) await torn();
    if (left <= 0) throw new Killed();
    await run();
  });
}

/** Fails with `code` wherever `where` says so. */
export function failingFileSystem(code: string, where: (operation: Operation) => boolean): FileSystem {
  return watchedFileSystem(async (operation, run, torn) => {
    if (!where(operation)) return run();
    await torn();
    throw Object.assign(new Error(`${code}: ${operation.path}`), { code });
  });
}
