import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArchivedChats, createArchivedChats } from '../../src/archive/archived-chats';
import { createFolderLog } from '../../src/archive/folder-log';
import { partsIn } from '../../src/archive/read/parts';
import { makeArchive, recordsOfChat, type MadeArchive } from '../support/made-archive';

let archive: MadeArchive;
beforeEach(async () => {
  archive = await makeArchive();
});
afterEach(() => archive.remove());

test('an older copy of the ledger that is brought back, and grows: what is known of the lines that are gone counts for nothing', async () => {
  const ledger = join(archive.folder, 'ledger.jsonl');
  await archive.window([recordsOfChat('first', 2)]);
  const older = await readFile(ledger);
  await archive.window([recordsOfChat('lost', 3)]);
  const chats = createArchivedChats(archive.log);
  await chats.update();
  expect([...chats.ids()]).toEqual(['first', 'lost']);

  await writeFile(ledger, older);
  await archive.window([recordsOfChat('other', 1)]);
  for (const one of [chats, createArchivedChats(archive.log)]) {
    await one.update();
    expect([...one.ids()]).toEqual(['first', 'other']);
    expect((await one.of('other')).messages.size).toBe(1);
  }
});

test('lines of other things than windows are passed over', async () => {
  const chats = createArchivedChats(archive.log);
  for (const chatId of ['a', 'b', 'c']) {
    await archive.pause();
    await archive.window([recordsOfChat(chatId, 2)]);
    await archive.pause();
    await chats.update();
  }
  expect([...chats.ids()]).toEqual(['a', 'b', 'c']);
});

test('what is kept of a window is a file, and nothing else stays for it', async () => {
  for (const chatId of ['a', 'b', 'c']) await archive.window([recordsOfChat(chatId, 1)]);
  await createArchivedChats(archive.log).update();
  const kept = (await readdir(join(archive.folder, 'chats'))).filter((name) => !name.endsWith('.making'));
  expect(kept).toEqual([1, 2, 3].map((n) => expect.stringMatching(new RegExp(`^${n}-[0-9a-f]{16}.ndjson$`)) as string));
});

test('while all is read anew, since a part was changed, what was known stays known', async () => {
  for (const chatId of ['a', 'b']) await archive.window([recordsOfChat(chatId, 2)]);
  const [first = ''] = await partsIn(archive.folder);
  await writeFile(join(archive.folder, first), '');
  const chats = createArchivedChats(archive.log);
  await chats.update();
  const updating = chats.update();
  expect(chats.has('b')).toBe(true);
  await updating;
  expect([...chats.ids()]).toEqual(['b']);
});

describe('parts that ARCHIVE_KEEP removes', () => {
  const of = async (chats: ArchivedChats, chatId: string): Promise<[messages: number, removed: number]> => {
    await chats.update();
    const { messages, removed } = await chats.of(chatId);
    return [messages.size, removed.length];
  };
  beforeEach(async () => {
    for (const chatId of ['a', 'b']) await archive.window([recordsOfChat(chatId, 2)]);
  });

  test('are known to be removed by whoever knew them before', async () => {
    const chats = createArchivedChats(archive.log);
    expect(await of(chats, 'a')).toEqual([2, 0]);
    await archive.log.remove(3, null, new Set());
    expect(await of(chats, 'a')).toEqual([0, 1]);
  });

  test('are known of a window whose parts all stayed at first', async () => {
    const [refused = ''] = await partsIn(archive.folder);
    await archive.log.remove(3, null, new Set([refused]));
    expect(await of(createArchivedChats(archive.log), 'a')).toEqual([2, 0]);
    const restarted = createFolderLog(archive.dir, archive.source);
    await restarted.remove(3, null, new Set());
    expect(await partsIn(archive.folder)).toEqual([]);
    expect(await of(createArchivedChats(restarted), 'a')).toEqual([0, 1]);
  });

  test('and that stay without anything kept about them are read', async () => {
    const [refused = ''] = await partsIn(archive.folder);
    await archive.log.remove(3, null, new Set([refused]));
    await rm(join(archive.folder, 'chats'), { recursive: true });
    const chats = createArchivedChats(archive.log);
    expect(await of(chats, 'a')).toEqual([2, 0]);
    expect([...chats.ids()]).toEqual(['a']);
  });
});
