import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createFolderArchive } from '../../src/archive/folder-archive';
import type { FileSystem } from '../../src/archive/folder/file-system';
import type { Archive } from '../../src/archive/archive';
import { filesBelow, newFolder, removeFolders } from './output';
import { first, writeChat } from './steps';
import { failingFileSystem, type Operation, plainFileSystem } from './watched-file-system';

let dir: string;
beforeEach(async () => {
  dir = join(await newFolder(), 'messages');
});
afterEach(removeFolders);

const open = (fs: FileSystem): Archive => createFolderArchive({ dir, source: 'test', fs });

/** Which step of the trial fails, with which code; and how what it says begins. */
const isProbe = ({ path }: Operation): boolean => path.includes('/check-');
const unsuitable: [string, string, (operation: Operation) => boolean, string][] = [
  ...['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL'].map(
    (code): [string, string, (operation: Operation) => boolean, string] => [
      'hard links',
      code,
      ({ name }) => name === 'link',
      `has no hard links (${code})`,
    ],
  ),
  [
    'fsync of folders',
    'EINVAL',
    (o) => o.name === 'sync' && /check-\w+$/.test(o.path),
    'has no fsync of folders (EINVAL)',
  ],
];

describe('the trial of a file system', () => {
  it.each(unsuitable)('finds out that there is no %s: %s', async (_, code, where, says) => {
    const failure = {
      name: 'UnsuitableError',
      code: 'UNSUITABLE',
      message: expect.stringContaining(`Cannot use FILE_DIR (${dir}): its file system ${says}`),
    };
    const archive = open(failingFileSystem(code, where));
    await expect(archive.check()).rejects.toMatchObject(failure);
    await expect(archive.claim('mine', null)).rejects.toMatchObject(failure);
    expect(await filesBelow(join(dir, '..'))).toEqual([]);
  });

  it('finds out that modes are not kept, or that a link takes the place of a file', async () => {
    const open0755: FileSystem = {
      ...plainFileSystem,
      async open(path, flags, mode) {
        const handle = await plainFileSystem.open(path, flags, mode);
        await chmod(path, 0o755);
        return handle;
      },
    };
    await expect(open(open0755).check()).rejects.toMatchObject({
      message: expect.stringContaining('keeps no modes'),
    });
    const linking: FileSystem = {
      ...plainFileSystem,
      link: (from, to) => plainFileSystem.link(from, to).catch(() => {}),
    };
    await expect(open(linking).check()).rejects.toMatchObject({
      message: expect.stringContaining('links over a file'),
    });
  });

  it.each(['create', 'write', 'sync', 'link', 'rename', 'unlink', 'mkdir'])(
    'meets what a write would meet: %s',
    async (name) => {
      const failing = failingFileSystem('EIO', (operation) => operation.name === name && isProbe(operation));
      await expect(open(failing).check()).rejects.toMatchObject({ name: 'ArchiveError', code: 'EIO' });
    },
  );

  it('makes no folder, and leaves nothing behind', async () => {
    await open(plainFileSystem).check();
    await expect(filesBelow(join(dir, '..'))).resolves.toEqual([]);
    await mkdir(join(dir, 'test', 'messages'), { recursive: true });
    await open(plainFileSystem).check();
    await open(plainFileSystem).claim('mine', null);
    await open(plainFileSystem).check();
    expect(await filesBelow(dir)).toEqual([join(dir, 'test', 'archive.json')]);
  });

  it('meets folders that lie on several file systems', async () => {
    await open(plainFileSystem).claim('mine', null);
    const mounted = failingFileSystem(
      'EXDEV',
      ({ name, to }) => name === 'rename' && /messages.test.messages/.test(to ?? ''),
    );
    await expect(open(mounted).check()).rejects.toMatchObject({ code: 'EXDEV' });
  });
});

describe('no space', () => {
  it.each([
    [{ files: 1000, ffree: 0 }, 'no inodes left'],
    [{ files: 1000, ffree: 1 }, 'its disk is full'],
    // As btrfs answers.
    [{ files: 0, ffree: 0 }, 'its disk is full'],
  ])('is told by what is used up: %j', async (inodes, says) => {
    const full = failingFileSystem('ENOSPC', ({ name }) => name === 'create');
    const archive = open({ ...full, statfs: () => Promise.resolve(inodes) });
    await expect(writeChat(archive, first, 'chat_a', [1])).rejects.toMatchObject({
      code: 'ENOSPC',
      message: expect.stringContaining(says),
    });
  });
});
