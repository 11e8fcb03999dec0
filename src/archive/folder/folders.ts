import { constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { ArchiveError } from '../archive';
import { hasCode } from './errors';
import type { FileSystem } from './file-system';

const { O_DIRECTORY, O_RDONLY } = constants;

/** Real folders below `root`, on disk when they are made, each its owner's alone. */
export function createFolders(fs: FileSystem, root: string) {
  async function isFolder(path: string): Promise<boolean> {
    try {
      const stats = await fs.lstat(path);
      if (stats.isDirectory()) return true;
      throw stats.isSymbolicLink()
        ? new ArchiveError(
            'SYMLINK',
            `A folder inside FILE_DIR (${root}) is a symbolic link: replace it by a real one.`,
          )
        : new ArchiveError('ENOTDIR', `A file inside FILE_DIR (${root}) is where a folder is needed: move it away.`);
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

  return { isFolder, syncFolder, makeSource, folder };
}
