import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { createFolderArchive } from '../../src/archive/folder-archive';
import type { FileSystem } from '../../src/archive/folder/file-system';
import type { ReadChat } from '../../src/domain/published';
import type { Window } from '../../src/domain/window';
import type { Closing, Archive } from '../../src/archive/archive';
import { filesBelow, ledgerLines, newFolder, removeFolders, visibleIds, visibleLines } from './output';
import { both, first, record, rewound, second, writeChat } from './steps';
import { failingFileSystem, type Operation, plainFileSystem, watchedFileSystem } from './watched-file-system';

let dir: string;
let folder: string;

beforeEach(async () => {
  dir = await newFolder();
  folder = join(dir, 'test');
});
afterEach(removeFolders);

function open(fs: FileSystem = plainFileSystem): Archive {
  return createFolderArchive({ dir, source: 'test', fs });
}

function closing(chats: number, records: number, outcome: Closing['outcome'] = 'completed'): Closing {
  return { outcome, totals: { chats, records }, requestId: null };
}

/** Stops once, right before an operation, until it is let go on. */
function pausingFileSystem(where: (operation: Operation) => boolean) {
  let arrived = (): void => undefined;
  let goOn = (): void => undefined;
  const paused = new Promise<void>((resolve) => (arrived = resolve));
  const released = new Promise<void>((resolve) => (goOn = resolve));
  const fs = watchedFileSystem(async (operation, run) => {
    if (where(operation)) {
      arrived();
      await released;
    }
    await run();
  });
  return { fs, paused, goOn };
}

jest.setTimeout(20_000);

describe('the archive, when its disk fails', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EACCES'])(
    'says %s and what to do, and nothing of a chat',
    async (code) => {
      const archive = open(failingFileSystem(code, ({ name }) => name === 'write'));
      const failure = await writeChat(archive, first, 'chat_a', [1]).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        name: 'ArchiveError',
        code,
        message: expect.stringContaining(`FILE_DIR (${dir})`),
      });
      expect(failure).toMatchObject({ message: expect.not.stringMatching(/chat_a|staging/) });
      await expect(archive.check()).rejects.toMatchObject({ name: 'ArchiveError', code });
    },
  );

  it.each(['write', 'sync', 'close'])('leaves no part of a batch behind when %s fails', async (name) => {
    const archive = open(
      failingFileSystem('ENOSPC', (operation) => operation.name === name && operation.path.includes('-')),
    );
    const [, batch] = await Promise.all([open().check(), writeChat(archive, first, 'chat_a', [1]).catch(() => null)]);
    expect(batch).toBeNull();
    expect(await filesBelow(folder)).toEqual([]);
  });

  it.each([
    ['a part', /part-\w+$/],
    ['a list', /\.tmp$/],
  ])('leaves nothing more behind when there is no space for %s, and publishes later', async (_, path) => {
    const archive = open(
      failingFileSystem('ENOSPC', (operation) => operation.name === 'write' && path.test(operation.path)),
    );
    const chat = await writeChat(open(), first, 'chat_a', [1], [2]);
    const before = await filesBelow(folder);
    await expect(archive.publish(first, [chat])).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(await filesBelow(folder)).toEqual(before);
    await open().publish(first, [chat]);
    expect(await visibleLines(folder)).toHaveLength(2);
  });

  it('keeps a part whose list is there although its creation seemed to fail', async () => {
    const broken = failingFileSystem('EIO', () => false);
    const link = broken.link.bind(broken);
    const fs = {
      ...broken,
      async link(from: string, to: string) {
        await link(from, to);
        throw Object.assign(new Error('the answer was lost'), { code: 'EIO' });
      },
    };
    const chat = await writeChat(open(), first, 'chat_a', [1]);
    expect((await open(fs).publish(first, [chat])).totals).toEqual({ chats: 1, records: 1 });
    expect(await visibleLines(folder)).toHaveLength(1);
  });
});

describe('the archive, when a worker wakes up late', () => {
  async function publishAndCommit(window: Window, archive: Archive, chats: ReadChat[]): Promise<void> {
    const published = await archive.publish(window, chats);
    await archive.commit(window, { ...closing(0, 0), totals: published.totals });
  }

  it('adds no second line for one who stood still just before writing', async () => {
    const { fs, paused, goOn } = pausingFileSystem(({ name, path }) => name === 'write' && path.endsWith('.jsonl'));
    const late = open(fs).commit(first, closing(0, 0));
    await paused;
    await open().commit(first, closing(0, 0));
    await open().commit(second, closing(0, 0));
    goOn();
    await late;
    expect((await ledgerLines(folder)).map((line) => line.to)).toEqual([first.to, second.to]);
  });

  it('writes nothing over the line of another window that came first', async () => {
    const { fs, paused, goOn } = pausingFileSystem(({ name, to }) => name === 'link' && /ledger-0$/.test(to ?? ''));
    const late = open(fs).commit(second, closing(0, 0));
    await paused;
    await open().commit(first, closing(0, 0));
    goOn();
    await late;
    expect((await ledgerLines(folder)).map((line) => line.to)).toEqual([first.to, second.to]);
  });

  it.each(['link', 'read', 'readdir', 'rename'])('shows nothing of a window given up during its %s', async (name) => {
    const { fs, paused, goOn } = pausingFileSystem(
      (operation) => operation.name === name && /list-|messages|-\w{32}$/.test(`${operation.to} ${operation.path}`),
    );
    const chats = [await writeChat(open(), first, 'chat_a', [1])];
    const late = open(fs).publish(first, chats);
    await paused;
    await open().commit(first, closing(0, 0, 'abandoned'));
    await publishAndCommit(rewound, open(), [await writeChat(open(), rewound, 'chat_a', [1])]);
    goOn();
    await late.catch(() => undefined);
    const named = (await ledgerLines(folder)).flatMap((line) => line.parts.map((part) => join(folder, part.path)));
    expect(named.sort()).toEqual(await filesBelow(join(folder, 'messages')));
  });

  it('lets it find its chats published, its staged files gone', async () => {
    const { fs, paused, goOn } = pausingFileSystem(({ name, path }) => name === 'create' && /part-\w+$/.test(path));
    const chats = [await writeChat(open(), first, 'chat_a', [1])];
    const late = open(fs).publish(first, chats);
    await paused;
    await open().publish(first, chats);
    goOn();
    expect(await late).toEqual({ totals: { chats: 1, records: 1 }, healed: [], gone: 0, conflicts: 0, closed: false });
    expect(await visibleIds(folder)).toEqual([record('chat_a', 1).id]);
  });

  it('adds nothing to a window that the same worker closes meanwhile', async () => {
    const { fs, paused, goOn } = pausingFileSystem(({ name, path }) => name === 'rename' && path.includes('part-'));
    const broken = failingFileSystem('EIO', ({ name, path }) => name === 'rename' && path.includes('part-'));
    await open(broken)
      .publish(first, [await writeChat(open(), first, 'chat_a', [1])])
      .catch(() => undefined);
    const archive = open(fs);
    const late = archive.publish(first, [await writeChat(open(), first, 'chat_b', [1])]);
    await paused;
    const closed = archive.commit(first, closing(0, 0, 'abandoned'));
    while (!(await filesBelow(folder)).some((path) => path.endsWith('list-000002.json'))) await setImmediate();
    goOn();
    await Promise.all([late.catch(() => undefined), closed]);
    expect(await ledgerLines(folder)).toMatchObject([{ outcome: 'abandoned', chats: 1, records: 1 }]);
    expect(await visibleIds(folder)).toEqual([record('chat_a', 1).id]);
  });

  it('finds its step done where another worker closes the window during it', async () => {
    const chats = [await writeChat(open(), first, 'chat_a', [1])];
    await open().publish(first, chats);
    const totals = { chats: 1, records: 1 };
    const { fs, paused, goOn } = pausingFileSystem(({ name, path }) => name === 'create' && path.endsWith('.tmp'));
    const lateCommit = open(fs).commit(first, closing(1, 1));
    const latePublish = open(fs).publish(first, [{ chatId: 'chat_b', receipts: [] }]);
    await paused;
    await open().commit(first, closing(1, 1));
    goOn();
    await lateCommit;
    expect(await latePublish).toEqual({ totals, healed: [], gone: 0, conflicts: 0, closed: true });
    expect(await ledgerLines(folder)).toHaveLength(1);
  });

  it('ends a window as the first to close it said', async () => {
    await open().publish(first, [await writeChat(open(), first, 'chat_a', [1])]);
    const { fs, paused, goOn } = pausingFileSystem(({ name, path }) => name === 'create' && path.endsWith('.jsonl'));
    const late = open(fs).commit(first, closing(1, 1));
    await paused;
    const chat = { chatId: 'chat_b', receipts: [] };
    expect(await open().publish(first, [chat])).toEqual({
      totals: { chats: 1, records: 1 },
      healed: [],
      gone: 0,
      conflicts: 0,
      closed: true,
    });
    await open().commit(first, closing(0, 0, 'abandoned'));
    goOn();
    await late;
    expect(await ledgerLines(folder)).toMatchObject([{ outcome: 'completed', chats: 1 }]);
  });
});

describe('the archive, on a disk that may lose power', () => {
  it('has everything on disk before it builds on it or says so', async () => {
    dir = join(dir, 'made');
    folder = join(dir, 'test');
    const unsynced = new Set<string>();
    const folders = new Set<string>();
    const violations: string[] = [];
    const fs = watchedFileSystem(async ({ name, path, to }, run) => {
      const parent = join(to ?? path, '..');
      if ((name === 'rename' || name === 'link') && unsynced.has(path)) violations.push(`${name} of unsynced ${path}`);
      if (name === 'rename' && to?.includes('messages')) {
        for (const folder of folders) if (folder.includes('.staging/')) violations.push(`unsynced ${folder}`);
      }
      await run();
      if (name === 'write') unsynced.add(path);
      if (name === 'sync') [unsynced, folders].forEach((dirty) => dirty.delete(path));
      if (name === 'unlink') unsynced.delete(path);
      const lasting = !/removed-|check-/.test(to ?? path);
      if (lasting && ['mkdir', 'link', 'rename'].includes(name)) folders.add(parent);
    });
    const archive = open(fs);
    const sync = { chats: {}, totals: { chats: 0, records: 0 } };
    for (const step of both.steps) {
      (await step(archive, sync))();
      violations.push(...[...unsynced, ...folders].map((path) => `unsynced ${path} after a step`));
    }
    expect(violations).toEqual([]);
  });
});

describe('the archive, over many chats', () => {
  it('reads each list once, however often it is asked', async () => {
    const operations: Operation[] = [];
    const archive = open(
      watchedFileSystem(async (operation, run) => {
        operations.push(operation);
        await run();
      }),
    );
    const costs: number[] = [];
    for (let list = 0; list < 100; list += 1) {
      operations.length = 0;
      const chats = Array.from({ length: 1000 }, (_, index) => ({ chatId: `chat_${list}_${index}`, receipts: [] }));
      await archive.publish(first, chats);
      costs.push(operations.length);
    }
    expect(costs[99]).toBe(costs[1]);
    const asked = open(
      watchedFileSystem(async (operation, run) => {
        operations.push(operation);
        await run();
      }),
    );
    expect(await asked.has(first, 'chat_99_999')).toBe(true);
    operations.length = 0;
    expect(await asked.has(first, 'chat_0_0')).toBe(true);
    expect(operations).toHaveLength(1);
  });
});
