import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFolderArchive } from '../../src/archive/folder-archive';
import type { Window } from '../../src/domain/window';
import type { Closing, Archive } from '../../src/archive/archive';
import { filesBelow, ledgerLines, newFolder, removeFolders, visibleIds } from './output';
import { first, records, second, writeChat } from './steps';
import { plainFileSystem, watchedFileSystem } from './watched-file-system';

let dir: string;
let folder: string;
let archive: Archive;

const mine: Window = { ...first, archive: 'mine' };
const next: Window = { ...second, archive: 'mine' };

function open(): Archive {
  return createFolderArchive({ dir, source: 'test', fs: plainFileSystem });
}

function closing(chats: number, records: number): Closing {
  return { outcome: 'completed', totals: { chats, records }, requestId: null };
}

/** Puts something else in the place of FILE_DIR; returns what brings the old one back. */
async function swap(put: () => Promise<void>): Promise<() => Promise<void>> {
  await rename(dir, `${dir}-away`);
  await put();
  return async () => {
    await rm(dir, { recursive: true, force: true });
    await rename(`${dir}-away`, dir);
  };
}

const places: [string, string, () => Promise<void>][] = [
  ['nothing', 'ARCHIVE_LOST', async () => undefined],
  ['an empty folder', 'ARCHIVE_LOST', async () => mkdir(dir)],
  [
    'an empty folder of the source',
    'ARCHIVE_LOST',
    async () => mkdir(folder, { recursive: true }).then(() => undefined),
  ],
  [
    "another Temporal's archive",
    'ARCHIVE_FOREIGN',
    async () => {
      await open().claim('theirs', null);
    },
  ],
];

beforeEach(async () => {
  dir = join(await newFolder(), 'volume');
  folder = join(dir, 'test');
  archive = open();
});
afterEach(removeFolders);

describe('an archive', () => {
  it("is nobody's before it is claimed, and then of who was first", async () => {
    expect(await archive.id()).toBeNull();
    expect(await archive.claim('mine', null)).toBe('mine');
    expect(await archive.id()).toBe('mine');
    expect(await open().claim('theirs', null)).toBe('mine');
    expect(await open().claim('mine', null)).toBe('mine');
    expect(await readFile(join(folder, 'archive.json'), 'utf8')).toBe('{"archive":"mine","source":"test"}\n');
  });

  it('is taken over by who knows whose it was', async () => {
    await archive.claim('mine', null);
    expect(await open().claim('theirs', 'someone')).toBe('mine');
    expect(await open().claim('theirs', 'mine')).toBe('theirs');
    expect(await archive.id()).toBe('theirs');
    expect(await readdir(join(folder, '.staging'))).toEqual([]);
  });

  it('takes an existing folder without a marker, and keeps what is there', async () => {
    await archive.publish(first, [await writeChat(archive, first, 'chat_a', [1])]);
    await archive.commit(first, closing(1, 1));
    await archive.claim('mine', null);
    await archive.publish(next, [await writeChat(archive, next, 'chat_a', [2])]);
    await archive.commit(next, closing(1, 1));
    expect(await ledgerLines(folder)).toHaveLength(2);
  });

  it.each(places)('is written nowhere else: %s', async (_, code, put) => {
    await archive.claim('mine', null);
    const chat = await writeChat(archive, mine, 'chat_a', [1]);
    await archive.publish(mine, [chat]);
    const later = await writeChat(archive, mine, 'chat_b', [1]);
    const bringBack = await swap(put);
    const before = await filesBelow(dir);

    for (const worker of [archive, open()]) {
      const steps = [
        () => writeChat(worker, mine, 'chat_c', [1]),
        async () => worker.publish(mine, [later]),
        async () => worker.publish(mine, [{ chatId: 'chat_empty', receipts: [] }], ['chat_gone']),
        async () => worker.commit(mine, closing(1, 1)),
        async () => worker.commit(mine, { ...closing(1, 1), outcome: 'abandoned' }),
        async () => worker.has(mine, 'chat_a'),
        async () => worker.check(mine),
      ];
      for (const step of steps) {
        await expect(step()).rejects.toMatchObject({
          name: 'ArchiveError',
          code,
          message: expect.stringMatching(new RegExp(`FILE_DIR \\(${dir}\\).*rewind --to ${mine.from}`)),
        });
      }
    }

    expect(await filesBelow(dir)).toEqual(before);
    await bringBack();
    expect((await archive.publish(mine, [later])).totals).toEqual({ chats: 2, records: 2 });
    await archive.commit(mine, closing(2, 2));
    expect(await visibleIds(folder)).toEqual([...records('chat_a', 1), ...records('chat_b', 1)].map(({ id }) => id));
    expect(await ledgerLines(folder)).toMatchObject([{ chats: 2, records: 2 }]);
  });

  /** A archive whose place is swapped once, right behind its look at the marker; and what brings the old one back. */
  function swappedOnce(put: () => Promise<void>): { late: Archive; bringBack: () => Promise<void> } {
    let swapped: Promise<() => Promise<void>> | undefined;
    const fs = watchedFileSystem(async (operation, run) => {
      await run();
      if (operation.name !== 'close' || !operation.path.endsWith('archive.json')) return;
      swapped ??= swap(put);
      await swapped;
    });
    return { late: createFolderArchive({ dir, source: 'test', fs }), bringBack: async () => (await swapped)?.() };
  }

  it.each(['write', 'publish', 'commit'] as const)('makes no folder in a %s while it is away', async (name) => {
    await archive.claim('mine', null);
    await archive.publish(mine, [await writeChat(archive, mine, 'chat_a', [1])]);
    const { late, bringBack } = swappedOnce(async () => mkdir(dir));
    const step = {
      write: async () => writeChat(late, mine, 'chat_b', [1]),
      publish: async () => late.publish(mine, [{ chatId: 'chat_empty', receipts: [] }]),
      commit: async () => late.commit(mine, closing(1, 1)),
    }[name];

    await expect(step()).rejects.toMatchObject({ code: 'ARCHIVE_LOST' });

    expect(await readdir(dir)).toEqual([]);
    await bringBack();
    await late.commit(mine, closing(1, 1));
    expect(await ledgerLines(folder)).toMatchObject([{ chats: 1, records: 1 }]);
  });

  it('believes nothing that it read in another one in its place', async () => {
    await archive.claim('mine', null);
    await archive.publish(mine, [await writeChat(archive, mine, 'chat_a', [1])]);
    const { late, bringBack } = swappedOnce(async () => {
      const theirs = { ...mine, archive: 'theirs' };
      await open().claim('theirs', null);
      for (const chatId of ['chat_x', 'chat_y']) await open().publish(theirs, [{ chatId, receipts: [] }]);
    });

    await expect(late.publish(mine, [])).rejects.toMatchObject({ code: 'ARCHIVE_FOREIGN' });

    await bringBack();
    expect(await late.publish(mine, [])).toMatchObject({ totals: { chats: 1, records: 1 } });
    expect(await late.has(mine, 'chat_x')).toBe(false);
  });

  it('says that its marker is damaged, and which file that is', async () => {
    await archive.claim('mine', null);
    for (const text of ['', '{', '[]', '\0\0\0']) {
      await writeFile(join(folder, 'archive.json'), text);
      const failure = { code: 'MARKER_UNREADABLE', message: expect.stringContaining('test/archive.json in FILE_DIR') };
      await expect(archive.id()).rejects.toMatchObject(failure);
      await expect(archive.claim('mine', null)).rejects.toMatchObject(failure);
      await expect(archive.commit(mine, closing(0, 0))).rejects.toMatchObject(failure);
    }
  });
});

describe('what is missing of an archive', () => {
  async function complete(window: Window, ...chatIds: string[]): Promise<void> {
    const chats = await Promise.all(chatIds.map((chatId) => writeChat(archive, window, chatId, [1])));
    await archive.publish(window, chats);
    await archive.commit(window, closing(chats.length, chats.length));
  }
  const partOf = async (line: number): Promise<string> => (await ledgerLines(folder))[line]?.parts[0]?.path ?? '';

  it('is nothing as long as the last window is there, new folders and empty windows too', async () => {
    expect(await archive.missing()).toBeNull();
    await archive.publish(first, [await writeChat(archive, first, 'chat_a', [1])]);
    expect(await open().missing()).toBeNull();
    await archive.commit(first, closing(1, 1));
    expect(await open().missing()).toBeNull();
    await rm(join(folder, await partOf(0)));
    await complete(second);
    expect(await open().missing()).toBeNull();
  });

  it.each<[string, (path: string) => Promise<void>]>([
    ['gone', (path) => rm(path)],
    ['empty', (path) => writeFile(path, '')],
    ['longer', (path) => writeFile(path, 'x', { flag: 'a' })],
    ['a folder', async (path) => rm(path).then(() => mkdir(path))],
    ['gone with its day', async (path) => rm(join(path, '..'), { recursive: true })],
  ])('is a part of the last window that is %s', async (_, damage) => {
    await complete(first, 'chat_a');
    await archive.commit(second, { ...closing(0, 0), outcome: 'abandoned' });
    const path = await partOf(0);
    await damage(join(folder, path));
    expect(await open().missing()).toBe(path);
  });

  it.each<[string, (path: string) => Promise<void>]>([
    ['away', (path) => rm(path)],
    ['empty', (path) => writeFile(path, '')],
    ['a torn line', (path) => writeFile(path, '{"epoch":0,"fr')],
  ])('is the ledger where it is %s and parts are there', async (_, damage) => {
    await complete(first, 'chat_a');
    await damage(join(folder, 'ledger.jsonl'));
    expect(await open().missing()).toBe('ledger.jsonl');
  });

  it('is the folder of parts where that is away, also behind an empty window', async () => {
    await archive.claim('mine', null);
    await complete(first, 'chat_a');
    await complete(second);
    expect(await open().missing()).toBeNull();
    await rm(join(folder, 'messages'), { recursive: true });
    expect(await open().missing()).toBe('messages');
  });

  it.each(['gone', 'short'])('keeps a window from being completed when a part is %s', async (how) => {
    await archive.publish(first, [await writeChat(archive, first, 'chat_a', [1])]);
    const [path = ''] = await filesBelow(join(folder, 'messages'));
    const text = await readFile(path);
    await (how === 'gone' ? rm(path) : writeFile(path, text.subarray(1)));
    const failure = { code: 'PART_MISSING', message: expect.stringContaining('test/messages/2026-04-08/') };
    for (const worker of [archive, open()]) {
      await expect(worker.publish(first, [])).rejects.toMatchObject(failure);
      await expect(worker.commit(first, closing(1, 1))).rejects.toMatchObject(failure);
    }
    // Nor is a further part put beside it: the folder may be an older copy of itself.
    const next = await writeChat(archive, first, 'chat_b', [1]);
    await expect(open().publish(first, [next])).rejects.toMatchObject(failure);
    await writeFile(path, text);
    await archive.publish(first, [next]);
    await archive.commit(first, closing(2, 2));
    expect(await ledgerLines(folder)).toHaveLength(1);
  });
});
