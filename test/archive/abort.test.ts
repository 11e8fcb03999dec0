import { join } from 'node:path';
import { createFolderArchive } from '../../src/archive/folder-archive';
import { filesBelow, ledgerLines, newFolder, removeFolders, visibleLines } from './output';
import { first, writeChat } from './steps';
import { type Operation, plainFileSystem, watchedFileSystem } from './watched-file-system';

let dir: string;
let folder: string;
beforeEach(async () => {
  dir = await newFolder();
  folder = join(dir, 'test');
});
afterEach(removeFolders);

class Cancelled extends Error {}

/** Aborts at the first operation that `where` names, and counts those that follow. */
function abortingAt(where: (operation: Operation) => boolean) {
  const controller = new AbortController();
  let after = 0;
  const fs = watchedFileSystem(async (operation, run) => {
    if (controller.signal.aborted && where(operation)) after += 1;
    if (where(operation)) controller.abort(new Cancelled());
    await run();
  });
  return { archive: createFolderArchive({ dir, source: 'test', fs }), signal: controller.signal, after: () => after };
}

const totals = { chats: 20, records: 20 };

describe('an attempt that is cancelled', () => {
  it.each([
    ['reading', ({ name, path }: Operation) => name === 'read' && /-\w{32}$/.test(path)],
    ['writing', ({ name, path }: Operation) => name === 'write' && /part-\w{32}$/.test(path)],
  ])('stops %s what it publishes, leaves nothing behind, and the next one goes on', async (_, where) => {
    const plain = createFolderArchive({ dir, source: 'test', fs: plainFileSystem });
    const ids = Array.from({ length: totals.chats }, (_, index) => `chat_${index}`);
    const chats = await Promise.all(ids.map((chatId) => writeChat(plain, first, chatId, [1])));
    const before = await filesBelow(folder);
    const { archive, signal, after } = abortingAt(where);

    await expect(archive.publish(first, chats, [], signal)).rejects.toThrow(Cancelled);

    expect(after()).toBeLessThanOrEqual(1);
    expect(await filesBelow(folder)).toEqual(before);
    expect(await archive.publish(first, chats)).toMatchObject({ totals });
  });

  it('stops writing a page, and leaves no half of it', async () => {
    const { archive, signal } = abortingAt(
      ({ name, path }) => name === 'create' && /[\da-f]{16}-[\da-f]{32}$/.test(path),
    );
    const chat = writeChat({ ...archive, write: (batch) => archive.write(batch, signal) }, first, 'chat_a', [1]);
    await expect(chat).rejects.toThrow(Cancelled);
    expect(await filesBelow(folder)).toEqual([]);
  });

  it('closes no window', async () => {
    const { archive, signal } = abortingAt(({ name }) => name === 'mkdir');
    await writeChat(archive, first, 'chat_a', [1]);
    const closing = { outcome: 'completed', totals: { chats: 0, records: 0 }, requestId: null } as const;
    await expect(archive.commit(first, closing, signal)).rejects.toThrow(Cancelled);
    expect(await ledgerLines(folder)).toEqual([]);
    expect(await visibleLines(folder)).toEqual([]);
  });
});
