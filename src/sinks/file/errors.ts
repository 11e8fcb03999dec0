import { SinkError } from '../sink';

const remedies: Record<string, string> = {
  ENOSPC: 'its disk is full: free some space',
  EDQUOT: 'its disk quota is used up: raise it, or free some space',
  EROFS: 'it is read-only: mount it writable',
  EACCES: 'it may not be written: give it to the user who runs the worker',
  EPERM: 'something was refused there: it needs to belong to the user who runs the worker, and hard links',
  EIO: 'its disk reports errors: look into the system log',
  ENOENT: 'it, or a folder in it, went away: mount or create it again',
  ENOTDIR: 'a file is where a folder is needed: move it away',
  ELOOP: 'a symbolic link is where the sink has a folder or file of its own: replace it by a real one',
  EXDEV: 'its folders lie on several file systems: they need to be on one',
  ENOTSUP: 'its file system has no hard links, which the sink needs: take another one',
  EMFILE: 'too many files are open: raise the limit of open files',
  ENFILE: 'too many files are open: raise the limit of open files',
};

/** Whether `error` comes from the file system with one of these codes. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes(codeOf(error) ?? '');
}

function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** What a file system's error means for an operator; names no file but FILE_DIR. Any other error is passed on. */
export function toSinkError(error: unknown, dir: string): unknown {
  const code = codeOf(error);
  if (code === undefined || error instanceof SinkError) return error;
  const remedy = remedies[code] ?? `the file system answered ${code}`;
  return new SinkError(code === 'ELOOP' ? 'SYMLINK' : code, `Cannot use FILE_DIR (${dir}): ${remedy}.`, {
    cause: error,
  });
}
