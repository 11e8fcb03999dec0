import { dirname, join } from 'node:path';
import { UnsuitableError } from '../archive';
import { codeOf, hasCode } from './errors';
import { type Files, randomName } from './files';
import { MESSAGES, STAGING } from './layout';

/** What a file system says that does not know a call at all. */
const UNKNOWN_CALL = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL', 'EXDEV', 'EBADF', 'EISDIR'];
const OTHERS = 0o077;

/**
 * Takes each step that the archive will need of its file system once, in the folder nearest to it that is there, and leaves
 * nothing behind. No folder is made for it: where a volume is not mounted yet, it would be hidden below that.
 *
 * @throws UnsuitableError for a file system that can never do.
 */
export async function tryFileSystem(files: Files, source: string): Promise<void> {
  const folder = join(files.root, source);
  const messages = join(folder, MESSAGES);
  const hasMessages = await files.isFolder(messages);
  const inside = [join(folder, STAGING), folder];
  let nearest = files.root;
  // Inside FILE_DIR nothing is done through a link.
  for (const path of inside) if (nearest === files.root && (await files.isFolder(path))) nearest = path;
  while (!(await files.exists(nearest)) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  await tryIn(files, join(nearest, `check-${randomName()}`));
  if (hasMessages) await tryMove(files, nearest, messages);
}

/** Moves nothing: that its folders are on different mounts is what a file system says first. */
async function tryMove({ fs }: Files, from: string, to: string): Promise<void> {
  const name = `check-${randomName()}`;
  await fs.rename(join(from, name), join(to, name)).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
  });
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
    const isExclusive = await fs.link(one, two).then(
      () => false,
      (error: unknown) => {
        if (!hasCode(error, 'EEXIST')) throw error;
        return true;
      },
    );
    if (!isExclusive) throw unsuitable(root, 'its file system links over a file that is there, as two workers would');
    await needs('rename', () => fs.rename(two, three));
    await fs.unlink(three);
    await needs('fsync of folders', () => files.syncFolder(probe));
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
