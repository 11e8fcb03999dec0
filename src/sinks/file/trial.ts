import { join } from 'node:path';
import { UnsuitableError } from '../sink';
import { codeOf, hasCode } from './errors';
import { type Files, randomName } from './files';
import { MESSAGES, STAGING } from './layout';

/** What a file system says that does not know a call at all. */
const UNKNOWN_CALL = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL', 'EXDEV', 'EBADF', 'EISDIR'];
const OTHERS = 0o077;

/**
 * Takes each step that the archive will need of its file system once, and leaves nothing behind: no folder either, since
 * where a volume is not mounted yet it would be hidden below it.
 *
 * @throws UnsuitableError for a file system that can never do.
 */
export async function tryFileSystem(files: Files, source: string): Promise<void> {
  const made: string[] = [];
  try {
    let folder = files.root;
    await makeRoot(files, made);
    for (const name of [source, STAGING]) {
      folder = join(folder, name);
      if (await files.isFolder(folder)) continue;
      await files.fs.mkdir(folder, { mode: 0o700 }).then(
        () => made.push(folder),
        (error: unknown) => {
          if (!hasCode(error, 'EEXIST')) throw error;
        },
      );
    }
    await files.isFolder(join(files.root, source, MESSAGES));
    await tryIn(files, join(folder, `check-${randomName()}`));
  } finally {
    // Whatever another worker has put there meanwhile keeps its folder.
    for (const folder of made.reverse()) await files.fs.rmdir(folder).catch(() => undefined);
  }
}

async function makeRoot({ fs, root }: Files, made: string[]): Promise<void> {
  const first = await fs.mkdir(root, { mode: 0o700, recursive: true });
  if (typeof first !== 'string') return;
  made.push(first);
  for (const name of root
    .slice(first.length + 1)
    .split('/')
    .filter(Boolean))
    made.push(join(made.at(-1) ?? first, name));
}

async function tryIn(files: Files, probe: string): Promise<void> {
  const { fs, root } = files;
  const [one, two, three] = [join(probe, 'one'), join(probe, 'two'), join(probe, 'three')];
  const needs = async (what: string, step: () => Promise<unknown>): Promise<void> => {
    try {
      await step();
    } catch (error) {
      if (!hasCode(error, ...UNKNOWN_CALL)) throw error;
      throw unsuitable(root, `its file system has no ${what} (${codeOf(error) ?? ''}), which the archive needs`);
    }
  };
  await fs.mkdir(probe, { mode: 0o700 });
  try {
    await files.create(one, (append) => append(Buffer.from('check\n')));
    for (const path of [probe, one]) {
      if (((await fs.lstat(path)).mode & OTHERS) === 0) continue;
      throw unsuitable(root, 'its file system keeps no modes (0600, 0700), so that others could read what is written');
    }
    await needs('hard links', () => fs.link(one, two));
    const again = await fs.link(one, two).then(
      () => true,
      (error: unknown) => !hasCode(error, 'EEXIST'),
    );
    if (again)
      throw unsuitable(root, 'its file system links over a file that is there, which two workers would both do');
    await needs('rename', () => fs.rename(two, three));
    await needs('fsync of folders', () => files.syncFolder(probe));
    await fs.unlink(one);
  } finally {
    await fs.rm(probe, { recursive: true, force: true }).catch(() => undefined);
  }
}

function unsuitable(dir: string, why: string): UnsuitableError {
  return new UnsuitableError(
    'UNSUITABLE',
    `Cannot use FILE_DIR (${dir}): ${why}: name a folder on a local disk, a block volume or NFS (vfat, SMB, blobfuse and gcsfuse will not do).`,
  );
}
