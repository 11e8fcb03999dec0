import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MessageRecord } from '../../src/domain/record';
import { createFolderArchive } from '../../src/archive/folder-archive';
import type { Published, ReadChat } from '../../src/domain/published';
import type { Closing, Archive } from '../../src/archive/archive';
import { ledgerLines, newFolder, removeFolders, visibleLines } from './output';
import { first, record, records, second, writeChat } from './steps';
import { plainFileSystem } from './watched-file-system';

let dir: string;
let folder: string;
let archive: Archive;

const open = (): Archive => createFolderArchive({ dir, source: 'test', fs: plainFileSystem });

function closing({ totals }: Published, outcome: Closing['outcome'] = 'completed'): Closing {
  return { outcome, totals, requestId: 'req_1' };
}

beforeEach(async () => {
  dir = await newFolder();
  folder = join(dir, 'test');
  archive = open();
});
afterEach(removeFolders);

async function publish(chats: ReadChat[], gone: string[] = []): Promise<Published> {
  const published = await archive.publish(first, chats, gone);
  return published;
}

describe('chats that are gone', () => {
  it.each<[string, (there: () => Promise<ReadChat>) => Promise<void>, string[]]>([
    [
      'are named once, whoever says it',
      async () => {
        await publish([], ['x', 'y', 'x']);
      },
      ['x', 'y'],
    ],
    [
      'are named by each publish that says it',
      async () => {
        await publish([], ['x']);
        await publish([], ['x', 'y']);
      },
      ['x', 'y'],
    ],
    [
      'are named too, where they were read in part',
      async (there) => {
        await publish([await there()], ['a', 'x']);
      },
      ['a', 'x'],
    ],
    [
      'are not, where an earlier one had them',
      async (there) => {
        await publish([await there()]);
        await publish([], ['a', 'x']);
      },
      ['x'],
    ],
    [
      'are not, where a later one has them',
      async (there) => {
        await publish([], ['a', 'x']);
        await publish([await there()]);
      },
      ['x'],
    ],
  ])('%s', async (_, say, gone) => {
    await say(() => writeChat(archive, first, 'a', [1]));
    for (const worker of [archive, open()])
      expect(await worker.publish(first, [])).toMatchObject({ gone: gone.length });
    await archive.commit(first, closing(await publish([])));
    expect(await ledgerLines(folder)).toMatchObject([{ gone }]);
    expect(await open().publish(first, [], ['late'])).toMatchObject({ gone: gone.length, closed: true });
  });

  it('stand in the line of their own window, also of one that is given up, and nowhere else', async () => {
    await publish([], ['x']);
    await archive.commit(first, closing(await publish([]), 'abandoned'));
    await archive.publish(second, [{ chatId: 'empty', receipts: [] }]);
    await archive.commit(second, { outcome: 'completed', totals: { chats: 1, records: 0 }, requestId: null });
    expect((await ledgerLines(folder)).map((line) => line.gone)).toEqual([['x'], undefined]);
    expect((await readFile(join(folder, 'ledger.jsonl'), 'utf8')).split('\n')[1]).not.toContain('gone');
  });
});

describe('messages that come again', () => {
  const altered = (number: number) => record('a', number, { content: 'altered' });
  async function chatOf(pages: MessageRecord[][], chatId = 'a'): Promise<ReadChat> {
    const receipts = [];
    for (const page of pages) receipts.push(await archive.write({ window: first, chatId, records: page }));
    return { chatId, receipts };
  }
  const [one, two] = records('a', 1, 2);

  it.each<[string, MessageRecord[][], number | undefined, number]>([
    ['identical', [[one!, two!], [two!]], undefined, 0],
    ['altered', [[one!, two!], [altered(2)]], undefined, 1],
    ['altered, and altered again', [[one!], [altered(1)], [altered(1)]], undefined, 2],
    ['altered within a page, as the activity counted, and across', [[one!], [altered(1)]], 3, 4],
    ['altered within a page only', [[one!]], 2, 2],
    ['altered in a field of ours', [[one!], [record('a', 1, { chat_name: 'renamed' })]], undefined, 1],
  ])('%s: the first one is kept, and those that are another are counted', async (_, pages, counted, conflicts) => {
    const chat = { ...(await chatOf(pages)), ...(counted !== undefined && { conflicts: counted }) };
    const other = await writeChat(archive, first, 'b', [1], [1]);
    expect(await publish([chat, other])).toMatchObject({ conflicts });
    for (const worker of [archive, open()]) expect(await worker.publish(first, [chat])).toMatchObject({ conflicts });
    await archive.commit(first, closing(await publish([])));
    const [line] = await ledgerLines(folder);
    expect(line?.conflicts).toEqual(conflicts > 0 ? [{ chatId: 'a', records: conflicts }] : undefined);
    expect(await visibleLines(folder)).not.toContainEqual(expect.stringMatching(/altered|renamed/));
    expect(await open().publish(first, [])).toMatchObject({ conflicts, closed: true });
  });
});
