import { ArchiveError } from '../archive';
import type { FileSystem } from './file-system';

const NO_LINKS = 'its file system has no hard links, which the archive needs: take another one';
const TOO_MANY = 'too many files are open: raise the limit of open files';
const FULL = 'its disk is full: free some space';

const remedies: Record<string, string> = {
  ENOSPC: FULL,
  EDQUOT: 'its disk quota is used up: raise it, or free some space',
  EROFS: 'it is read-only: mount it writable',
  EACCES: 'it may not be written: give it to the user who runs the worker',
  EPERM:
    'something was refused there: it has to belong to the user who runs the worker, on a file system with hard links',
  EIO: 'its disk reports errors: look into the system log',
  ENOENT: 'it, or a folder in it, went away: mount or create it again',
  ENOTDIR: 'a file is where a folder is needed: move it away',
  EISDIR: 'a folder is where a file is needed: move it away',
  ELOOP: 'a symbolic link is where the archive has a folder or file of its own: replace it by a real one',
  EXDEV: 'its folders lie on several file systems: they need to be on one',
  ENOTSUP: NO_LINKS,
  EOPNOTSUPP: NO_LINKS,
  ENOSYS: NO_LINKS,
  EMLINK: NO_LINKS,
  ESTALE: 'it was exported anew, or its server lost it: mount it again',
  EMFILE: TOO_MANY,
  ENFILE: TOO_MANY,
};

/** Whether `error` comes from the file system with one of these codes. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes(codeOf(error) ?? '');
}

export function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** What a file system's error means for an operator; names no file but FILE_DIR. Any other error is passed on. */
export async function toArchiveError(error: unknown, dir: string, fs: FileSystem): Promise<unknown> {
  const code = codeOf(error);
  if (code === undefined || error instanceof ArchiveError) return error;
  const remedy = code === 'ENOSPC' ? await whatIsUsedUp(dir, fs) : remedies[code];
  return new ArchiveError(
    code === 'ELOOP' ? 'SYMLINK' : code,
    `Cannot use FILE_DIR (${dir}): ${remedy ?? `the file system answered ${code}`}.`,
    { cause: error },
  );
}

/** The same code stands for no space and for no inodes. */
async function whatIsUsedUp(dir: string, fs: FileSystem): Promise<string> {
  const { files, ffree } = await fs.statfs(dir).catch(() => ({ files: 0, ffree: 0 }));
  // Some file systems have no fixed number of inodes: they report none at all.
  if (files === 0 || ffree > 0) return FULL;
  return 'its file system has no inodes left, whatever space there is: remove files there, or make it anew with more';
}
