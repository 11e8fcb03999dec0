import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { ArchiveError } from '../archive';
import { hasCode } from './errors';
import type { FileSystem, Handle } from './file-system';
import { createFolders } from './folders';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
const COPY_BYTES = 256 * 1024;

export type Append = (bytes: Uint8Array) => Promise<void>;
export type Files = ReturnType<typeof createFiles>;

/** A name that no other attempt of any worker has. */
export function randomName(): string {
  return randomBytes(16).toString('hex');
}

/** Durable steps on files that belong to their owner alone, in real folders below `root` (which may be a link). */
export function createFiles(fs: FileSystem, root: string) {
  const folders = createFolders(fs, root);
  const { syncFolder } = folders;

  async function exists(path: string): Promise<boolean> {
    try {
      await fs.lstat(path);
      return true;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    }
  }

  /** How a message names a file. */
  function nameOf(path: string): string {
    return `${relative(root, path).split(sep).join('/')} in FILE_DIR (${root})`;
  }

  /** The size of a file in bytes; null if it is not there, or is no file. */
  async function sizeOf(path: string): Promise<number | null> {
    try {
      const stats = await fs.lstat(path);
      return stats.isFile() ? stats.size : null;
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
      throw error;
    }
  }

  /** Makes a new file of what `fill` appends, on disk when it resolves; leaves nothing behind when it fails. */
  async function create(path: string, fill: (append: Append) => Promise<void>, isDurable = true): Promise<void> {
    const handle = await fs.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      try {
        await fill((bytes) => writeAll(handle, bytes, null));
        if (isDurable) await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      await discard(path);
      throw error;
    }
  }

  /** Puts a file with this text at `path`, whole; false if another one is there already. @param folder Where it is made. */
  async function claim(path: string, text: string, folder = dirname(path)): Promise<boolean> {
    const own = join(folder, `${randomName()}.tmp`);
    await create(own, (append) => append(Buffer.from(text)));
    try {
      await fs.link(own, path);
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false;
      throw error;
    } finally {
      await discard(own);
    }
    await syncFolder(dirname(path));
    return true;
  }

  /**
   * Puts a file with this text at `path`, whole, in the place of the one that is there.
   * @param folder Where it is made: not one that another worker may tidy up.
   * @param isDurable It is on disk when this resolves; otherwise a loss of power may leave it empty.
   */
  async function replace(path: string, text: string, folder: string, isDurable = true): Promise<void> {
    const own = join(folder, `${randomName()}.tmp`);
    await create(own, (append) => append(Buffer.from(text)), isDurable);
    await fs.rename(own, path);
    if (isDurable) await syncFolder(dirname(path));
  }

  /** Hands a file on in pieces, which are valid until `take` resolves; false if there is no such file. */
  async function read(path: string, take: (bytes: Buffer) => Promise<void> | void): Promise<boolean> {
    let handle: Handle;
    try {
      handle = await fs.open(path, O_RDONLY | O_NOFOLLOW);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    }
    try {
      const buffer = Buffer.alloc(COPY_BYTES);
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, null).catch((error: unknown) => {
          if (!hasCode(error, 'EIO')) throw error;
          throw new ArchiveError('EIO', `Cannot read ${nameOf(path)}: its disk reports errors, see the system log.`);
        });
        if (bytesRead === 0) return true;
        await take(buffer.subarray(0, bytesRead));
      }
    } finally {
      await handle.close();
    }
  }

  /** The whole text of a small file; null if there is no such file. */
  async function readText(path: string): Promise<string | null> {
    const pieces: Buffer[] = [];
    const found = await read(path, (bytes) => void pieces.push(Buffer.from(bytes)));
    return found ? Buffer.concat(pieces).toString() : null;
  }

  /** Removes what is of no more use; what cannot be removed now goes when the window's staging does. */
  async function discard(path: string): Promise<void> {
    await fs.unlink(path).catch(() => undefined);
  }

  return {
    ...folders,
    fs,
    root,
    nameOf,
    exists,
    sizeOf,
    create,
    claim,
    replace,
    read,
    readText,
    discard,
  };
}

/** Writes all of `bytes`, at a position or where the last write ended. */
export async function writeAll(handle: Handle, bytes: Uint8Array, position: number | null): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const at = position === null ? null : position + done;
    done += (await handle.write(bytes, done, bytes.length - done, at)).bytesWritten;
  }
}
