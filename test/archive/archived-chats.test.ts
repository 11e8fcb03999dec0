import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createArchivedChats } from '../../src/archive/archived-chats';
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
