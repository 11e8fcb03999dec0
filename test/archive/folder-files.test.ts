import { chmod, mkdir, readdir, readFile, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createFolderArchive } from '../../src/archive/folder-archive';
import type { FileSystem } from '../../src/archive/folder/file-system';
import type { Window } from '../../src/domain/window';
import type { Closing, Archive } from '../../src/archive/archive';

import { filesBelow, newFolder, removeFolders, visibleIds, visibleLines } from './output';

import { first, records, rewound, second, writeChat } from './steps';
import { failingFileSystem, plainFileSystem } from './watched-file-system';

let dir: string;
let folder: string;
let archive: Archive;

function open(fs: FileSystem = plainFileSystem, partBytes?: number): Archive {
  return createFolderArchive({ dir, source: 'test', fs, ...(partBytes !== undefined && { partBytes }) });
}

beforeEach(async () => {
  dir = join(await newFolder(), 'deep', 'messages');
  folder = join(dir, 'test');
  archive = open();
});
afterEach(removeFolders);

function closing(chats: number, records: number, outcome: Closing['outcome'] = 'completed'): Closing {
  return { outcome, totals: { chats, records }, requestId: 'req_1' };
}

async function publishOne(window: Window, chatId: string, ...numbers: number[]): Promise<void> {
  await archive.publish(window, [await writeChat(archive, window, chatId, numbers)]);
}

describe('the files of an archive', () => {
  it('takes only whole, undamaged staged files, and waits for missing ones', async () => {
    const chats = [await writeChat(archive, first, 'chat_a', [1]), await writeChat(archive, first, 'chat_b', [2])];
    const staged = await filesBelow(join(folder, '.staging'));
    const [path = ''] = staged;
    const text = await readFile(path, 'utf8');
    for (const damaged of [text.replace('secret', 'public'), text.slice(0, -1), '', `${text}\n`]) {
      await writeFile(path, damaged);
      await expect(archive.publish(first, chats)).rejects.toMatchObject({ code: 'STAGED_DAMAGED' });
      expect(await filesBelow(folder)).toEqual(staged);
    }
    await writeFile(path, text);
    const [other] = await writeChat(open(), second, 'chat_b', [1]).then((chat) => chat.receipts);
    const elsewhere = { chatId: 'chat_c', receipts: other ? [other] : [] };
    await expect(archive.publish(first, [...chats, elsewhere])).rejects.toMatchObject({ code: 'STAGED_MISSING' });
    expect(await visibleLines(folder)).toEqual([]);
    expect((await archive.publish(first, chats)).totals).toEqual({ chats: 2, records: 2 });
  });

  it.each(['../../../x', 'list-000001.json', 'stdout', ''])('never looks for a staged file %j', async (name) => {
    const receipt = { name, records: 1, bytes: 1, sha256: '' };
    const chat = { chatId: 'chat_a', receipts: [receipt] };
    await expect(archive.publish(first, [chat])).rejects.toMatchObject({ code: 'BAD_RECEIPT' });
  });

  it('never writes over a part that it did not make', async () => {
    const day = join(folder, 'messages', '2026-04-08');
    await mkdir(day, { recursive: true });
    await writeFile(join(day, '20260408T143045Z-000002.ndjson'), '{"id":"kept"}\n');
    await publishOne(first, 'chat_a', 1);
    await publishOne(first, 'chat_b', 1);
    await writeFile(join(day, '20260408T143045Z-000005.ndjson'), '{"id":"kept"}\n');
    await publishOne(first, 'chat_c', 1);
    expect(await readdir(day)).toEqual([2, 3, 4, 5, 6].map((number) => `20260408T143045Z-00000${number}.ndjson`));
    expect((await visibleIds(folder)).filter((id) => id === 'kept')).toHaveLength(2);
  });

  it('waits where a file took the name of a listed part, and keeps both', async () => {
    const chat = await writeChat(archive, first, 'chat_a', [1]);
    const broken = failingFileSystem('EIO', ({ name, path }) => name === 'rename' && path.includes('part-'));
    await expect(open(broken).publish(first, [chat])).rejects.toMatchObject({ code: 'EIO' });
    const taken = join(folder, 'messages', '2026-04-08', '20260408T143045Z-000001.ndjson');
    await writeFile(taken, '{"id":"kept"}\n');
    await expect(open().publish(first, [chat])).rejects.toMatchObject({ code: 'PART_EXISTS' });
    expect(await visibleIds(folder)).toEqual(['kept']);
    await unlink(taken);
    expect((await open().publish(first, [chat])).totals).toEqual({ chats: 1, records: 1 });
    expect(await visibleIds(folder)).toEqual(records('chat_a', 1).map((record) => record.id));
  });

  it('keeps no staged file of a published chat', async () => {
    const [once, again] = [
      await writeChat(archive, first, 'chat_a', [1]),
      await writeChat(archive, first, 'chat_a', [1]),
    ];
    await archive.publish(first, [once]);
    await archive.publish(first, [again]);
    expect((await filesBelow(join(folder, '.staging'))).map((path) => basename(path))).toEqual(['list-000001.json']);
  });

  it('leaves files to their owner alone', async () => {
    await publishOne(first, 'chat_a', 1);
    await archive.commit(first, closing(1, 1));
    await publishOne(second, 'chat_a', 1);
    await writeChat(archive, second, 'chat_b', [1]);
    const entries = await readdir(dir, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      const { mode } = await stat(join(entry.parentPath, entry.name));
      expect([entry.name, mode & 0o777]).toEqual([entry.name, entry.isDirectory() ? 0o700 : 0o600]);
    }
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect(entries.length).toBeGreaterThan(8);
  });

  it('names no file by a chat id', async () => {
    await writeChat(archive, first, '../chat_a', [1]);
    for (const path of await filesBelow(join(dir, '..', '..'))) {
      expect(path.startsWith(join(folder, '.staging'))).toBe(true);
      expect(path).not.toContain('chat_a');
    }
  });

  it('removes the staging of earlier windows when one closes, and of no later one', async () => {
    const staging = join(folder, '.staging');
    await writeChat(archive, first, 'chat_a', [1]);
    await writeChat(archive, rewound, 'chat_a', [1]);
    await mkdir(join(staging, 'removed-1'));
    await writeFile(join(staging, 'check-1'), '');
    await archive.commit(second, closing(0, 0));
    expect(await readdir(staging)).toEqual(['7-20260408T000000Z-20260409T000000Z']);
  });

  it.each(['test', 'test/messages', 'test/messages/2026-04-08', 'test/.staging', 'test/ledger.jsonl'])(
    'writes nothing through a symbolic link at %s',
    async (link) => {
      const elsewhere = await newFolder();
      await mkdir(join(dir, link, '..'), { recursive: true });
      await symlink(link.endsWith('.jsonl') ? join(elsewhere, 'ledger') : elsewhere, join(dir, link));
      const sync = async (): Promise<void> => {
        await publishOne(first, 'chat_a', 1);
        await archive.commit(first, closing(1, 1));
      };
      await expect(sync()).rejects.toMatchObject({ name: 'ArchiveError', code: 'SYMLINK' });
      expect(await readdir(elsewhere)).toEqual([]);
    },
  );

  it('may be pointed at a symbolic link itself', async () => {
    const elsewhere = await newFolder();
    await mkdir(join(dir, '..'), { recursive: true });
    await symlink(elsewhere, dir);
    await publishOne(first, 'chat_a', 1);
    expect(await visibleLines(join(elsewhere, 'test'))).toHaveLength(1);
  });

  it('finds a folder that is not its own unusable in its check', async () => {
    await mkdir(join(dir, '..'), { recursive: true });
    await writeFile(dir, '');
    await chmod(dir, 0o600);
    await expect(archive.check()).rejects.toMatchObject({
      name: 'ArchiveError',
      message: expect.stringContaining(dir),
    });
  });
});
