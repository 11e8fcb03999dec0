import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { SinkError } from '../sink';
import { hasCode } from './errors';
import type { FileSystem, Handle } from './file-system';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
const COPY_BYTES = 256 * 1024;

export type Append = (bytes: Uint8Array) => Promise<void>;
export type Files = ReturnType<typeof createFiles>;

/** A name that no other attempt of any worker has. */
export function randomName(): string {
  return randomBytes(16).toString('hex');
}

/** Durable steps on files that belong to their owner alone, in real folders below `root` (which may be a link). */
export function createFiles(fs: FileSystem, root: string) {
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

  async function isFolder(path: string): Promise<boolean> {
    try {
      const stats = await fs.lstat(path);
      if (stats.isDirectory()) return true;
      throw stats.isSymbolicLink()
        ? new SinkError('SYMLINK', `A folder inside FILE_DIR (${root}) is a symbolic link: replace it by a real one.`)
        : new SinkError('ENOTDIR', `A file inside FILE_DIR (${root}) is where a folder is needed: move it away.`);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    }
  }

  async function syncFolder(path: string): Promise<void> {
    const handle = await fs.open(path, O_RDONLY | O_DIRECTORY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async function syncParents(first: string): Promise<void> {
    for (let path = dirname(root); path.length >= dirname(first).length; path = dirname(path)) {
      await syncFolder(path);
      if (path === dirname(path)) break;
    }
  }

  /** Makes the folder of a source, if it is not there. */
  async function makeSource(source: string): Promise<void> {
    if (await isFolder(join(root, source))) return;
    const first = await fs.mkdir(root, { mode: 0o700, recursive: true });
    if (typeof first === 'string') await syncParents(first);
    await makeFolder(root, source);
  }

  async function makeFolder(parent: string, name: string): Promise<void> {
    const path = join(parent, name);
    await fs.mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
    });
    await isFolder(path);
    await syncFolder(parent);
  }

  /** The path of a folder below that of a source, which has to be there; the folder itself is made. */
  async function folder(source: string, ...names: string[]): Promise<string> {
    let path = join(root, source);
    await isFolder(path);
    for (const name of names) {
      const parent = path;
      path = join(parent, name);
      if (!(await isFolder(path))) await makeFolder(parent, name);
    }
    return path;
  }

  /** Makes a new file of what `fill` appends, on disk when it resolves; leaves nothing behind when it fails. */
  async function create(path: string, fill: (append: Append) => Promise<void>): Promise<void> {
    const handle = await fs.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      try {
        await fill((bytes) => writeAll(handle, bytes, null));
        await handle.sync();
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

  /** Puts a file with this text at `path`, whole, in the place of the one that is there. @param folder Where it is made. */
  async function replace(path: string, text: string, folder: string): Promise<void> {
    const own = join(folder, `${randomName()}.tmp`);
    await create(own, (append) => append(Buffer.from(text)));
    await fs.rename(own, path);
    await syncFolder(dirname(path));
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
          throw new SinkError('EIO', `Cannot read ${nameOf(path)}: its disk reports errors, see the system log.`);
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
    fs,
    root,
    nameOf,
    exists,
    sizeOf,
    isFolder,
    makeSource,
    folder,
    syncFolder,
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
