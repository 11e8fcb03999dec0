import { createHash } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createFolderArchive } from '../../src/archive/folder-archive';
import type { FileSystem } from '../../src/archive/folder/file-system';
import type { Window } from '../../src/domain/window';
import type { Closing, Archive } from '../../src/archive/archive';
import { testArchive } from './contract';
import { filesBelow, ledgerLines, newFolder, removeFolders, visibleIds, visibleLines } from './output';
import { textOf } from '../support/parsed-record';
import { first, record, records, rewound, second, writeChat } from './steps';
import { plainFileSystem } from './watched-file-system';

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

testArchive('an archive in a folder', async () => ({ open, lines: () => visibleLines(folder) }));

function closing(chats: number, records: number, outcome: Closing['outcome'] = 'completed'): Closing {
  return { outcome, totals: { chats, records }, requestId: 'req_1' };
}

async function publishOne(window: Window, chatId: string, ...numbers: number[]): Promise<void> {
  await archive.publish(window, [await writeChat(archive, window, chatId, numbers)]);
}

describe('the archive', () => {
  it('writes parts and ledger as the contract has them', async () => {
    await publishOne(first, 'chat_a', 1, 2);
    await archive.commit(first, closing(1, 2));
    const path = 'messages/2026-04-08/20260408T143045Z-000001.ndjson';
    const [part] = (await ledgerLines(folder)).flatMap((line) => line.parts);
    const [line] = await ledgerLines(folder);
    expect(await readFile(join(folder, 'ledger.jsonl'), 'utf8')).toBe(
      `{"n":1,"epoch":0,"from":"${first.from}","to":"${first.to}","outcome":"completed","chats":1,"records":2,` +
        `"parts":[{"path":"${path}","bytes":${part?.bytes},"sha256":"${part?.sha256}"}],"requestId":"req_1",` +
        `"at":"${line?.at}","prev":"${'0'.repeat(64)}"}\n`,
    );
    expect(await filesBelow(folder)).toEqual([join(folder, 'ledger.jsonl'), join(folder, path)]);
  });

  it('says which chats had been parked: to who publishes, in the ledger, and when it is asked again', async () => {
    const span = { from: '2026-04-01T00:00:00Z', to: first.to };
    const chat = { ...(await writeChat(archive, first, 'chat_a', [1, 2])), healed: span };
    const healed = [{ chatId: 'chat_a', ...span, records: 2 }];
    expect(await archive.publish(first, [chat])).toMatchObject({ healed, closed: false });
    expect(await open().publish(first, [])).toMatchObject({ healed, closed: false });
    await archive.commit(first, closing(1, 2));
    expect(await open().publish(first, [])).toMatchObject({ healed, closed: true });
    expect(await readFile(join(folder, 'ledger.jsonl'), 'utf8')).toMatch(
      `"requestId":"req_1","healed":${JSON.stringify(healed)},"at"`,
    );
    await publishOne(second, 'chat_b', 1);
    expect(await open().publish(second, [])).toMatchObject({ healed: [] });
  });

  it('writes a message once that the API gave on two pages, and counts it once', async () => {
    const span = { from: '2026-04-01T00:00:00Z', to: first.to };
    const chat = await writeChat(archive, first, 'chat_a', [1, 2], [2, 3], [3], [3, 4]);
    const healed = { ...(await writeChat(archive, first, 'chat_b', [1], [1, 2])), healed: span };
    expect(await archive.publish(first, [chat, healed])).toMatchObject({
      totals: { chats: 2, records: 6 },
      healed: [{ chatId: 'chat_b', ...span, records: 2 }],
    });
    await archive.commit(first, closing(2, 6));
    const ids = ['a_1', 'a_2', 'a_3', 'a_4', 'b_1', 'b_2'].map((id) => `claude_chat_msg_chat_${id}`);
    expect(await visibleIds(folder)).toEqual(ids);
    const [line] = await ledgerLines(folder);
    for (const { path, bytes, sha256 } of line?.parts ?? []) {
      const content = await readFile(join(folder, path));
      expect([content.length, createHash('sha256').update(content).digest('hex')]).toEqual([bytes, sha256]);
    }
  });

  it('makes no part of nothing but repetitions', async () => {
    archive = open(plainFileSystem, 1);
    await archive.publish(first, [await writeChat(archive, first, 'chat_a', [1], [1], [2])]);
    await archive.commit(first, closing(1, 2));
    const [line] = await ledgerLines(folder);
    expect(line?.parts.map(({ path }) => basename(path))).toEqual([
      '20260408T143045Z-000001.ndjson',
      '20260408T143045Z-000002.ndjson',
    ]);
    expect(await filesBelow(folder)).toHaveLength(3);
  });

  it('tells repetitions by their id alone, in lines longer than what is read at a time', async () => {
    const long = (number: number, text: string) => record('chat_a', number, { extra: text.repeat(300_000) });
    const receipts = [
      await archive.write({ window: first, chatId: 'chat_a', records: [long(1, 'a'), long(2, 'b')] }),
      await archive.write({ window: first, chatId: 'chat_a', records: [long(2, 'other'), long(3, 'c')] }),
    ];
    await archive.publish(first, [{ chatId: 'chat_a', receipts }]);
    const lines = await visibleLines(folder);
    expect(lines.map((line) => (JSON.parse(line) as { extra: string }).extra[0])).toEqual(['a', 'b', 'c']);
  });

  it('tells repetitions where a line does not begin with its id, and where that is long', async () => {
    const twins = [record('chat_a', 1, { 7: 'first' }), record('chat_a', 1, { id: '\u0001'.repeat(256) })];
    const receipts = [
      await archive.write({ window: first, chatId: 'chat_a', records: twins }),
      await archive.write({ window: first, chatId: 'chat_a', records: twins.toReversed() }),
    ];
    expect(await archive.publish(first, [{ chatId: 'chat_a', receipts }])).toMatchObject({ totals: { records: 2 } });
    expect(await visibleIds(folder)).toEqual(twins.map(({ id }) => id));
  });

  it('knows the windows that it holds chats of and that were never closed', async () => {
    expect(await archive.unfinished()).toEqual([]);
    await archive.write({ window: first, chatId: 'chat_a', records: records('chat_a', 1) });
    expect(await archive.unfinished()).toEqual([]);
    await publishOne(first, 'chat_a', 1);
    await publishOne(rewound, 'chat_a', 1);
    const iso = ({ epoch, from, to }: Window): Window => ({
      epoch,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
    });
    expect(await open().unfinished()).toEqual([iso(first), iso(rewound)]);
    await archive.commit(first, closing(1, 1));
    expect(await open().unfinished()).toEqual([iso(rewound)]);
    await archive.commit(rewound, closing(1, 1, 'abandoned'));
    expect(await open().unfinished()).toEqual([]);
  });

  it('works with the file system of Node.js', async () => {
    archive = createFolderArchive({ dir, source: 'test' });
    await archive.check();
    await publishOne(first, 'chat_a', 1);
    await archive.commit(first, closing(1, 1));
    expect(await ledgerLines(folder)).toMatchObject([{ chats: 1, records: 1 }]);
  });

  it('begins a new part where one would grow too large, never within a batch', async () => {
    const line = Buffer.byteLength(textOf(record('chat_a', 1))) + 1;
    archive = open(plainFileSystem, 2 * line);
    await archive.publish(first, [await writeChat(archive, first, 'chat_a', [1], [2], [3], [4, 5, 6], [7])]);
    await archive.commit(first, closing(1, 7));
    const parts = (await ledgerLines(folder)).flatMap((line) => line.parts);
    expect(parts.map((part) => [part.path.slice(-13, -7), part.bytes / line])).toEqual([
      ['000001', 2],
      ['000002', 1],
      ['000003', 3],
      ['000004', 1],
    ]);
    expect(await visibleIds(folder)).toEqual(records('chat_a', 1, 2, 3, 4, 5, 6, 7).map((record) => record.id));
  });

  it('makes no part for chats without records', async () => {
    await archive.publish(first, [{ chatId: 'chat_a', receipts: [] }]);
    await archive.commit(first, closing(1, 0));
    expect(await ledgerLines(folder)).toMatchObject([{ chats: 1, records: 0, parts: [] }]);
  });

  it('numbers parts on where another epoch has ended at the same second', async () => {
    await publishOne(second, 'chat_a', 1);
    await publishOne(second, 'chat_b', 1);
    await archive.commit(second, closing(2, 2, 'abandoned'));
    await publishOne(rewound, 'chat_a', 1);
    await archive.commit(rewound, closing(1, 1));
    const names = (await ledgerLines(folder)).map((line) => line.parts.map((part) => part.path.slice(-13)));
    expect(names).toEqual([['000001.ndjson', '000002.ndjson'], ['000003.ndjson']]);
  });

  it('marks the first line of a new epoch, and only that', async () => {
    const windows = [first, { ...rewound, to: first.to }, { ...second, epoch: 7 }, { ...rewound, epoch: 8 }];
    for (const window of windows) await archive.commit(window, closing(0, 0));
    expect((await ledgerLines(folder)).map((line) => line.rewound)).toEqual([undefined, true, undefined, true]);
    dir = await newFolder();
    await open().commit(rewound, closing(0, 0));
    expect(await ledgerLines(join(dir, 'test'))).toMatchObject([{ epoch: 7, rewound: true }]);
  });

  it('names in an abandoned window what it had published', async () => {
    await publishOne(first, 'chat_a', 1);
    await writeChat(archive, first, 'chat_b', [1]);
    await archive.commit(first, closing(99, 99, 'abandoned'));
    expect(await ledgerLines(folder)).toMatchObject([
      { outcome: 'abandoned', chats: 1, records: 1, parts: [{ path: expect.any(String) }] },
    ]);
    expect(await readdir(join(folder, '.staging'))).toEqual([]);
  });

  it.each([
    ['half a line', '{"epoch":0,"from":"2026'],
    ['a line without its end', `{"epoch":0,"from":"${second.from}","to":"${second.to}","outcome":"completed"}`],
    ['a line of zeros', '\0\0\0\n'],
    ['more than the next line', `{"epoch":0,${'x'.repeat(200_000)}`],
    ['zeros without an end', '\0'.repeat(5000)],
  ])('cuts off %s at the end of the ledger', async (_, rest) => {
    await archive.commit(first, closing(0, 0));
    await appendFile(join(folder, 'ledger.jsonl'), rest);
    expect(await open().last()).toEqual(first);
    await open().commit(second, closing(0, 0));
    const text = await readFile(join(folder, 'ledger.jsonl'), 'utf8');
    expect(
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line).to),
    ).toEqual([first.to, second.to]);
    expect(text.split('\n').at(-1)).toBe('');
  });

  it('writes nothing over lines that it does not know', async () => {
    await mkdir(folder, { recursive: true });
    for (const text of ['{"other":1}\n', 'x\ny\n']) {
      await writeFile(join(folder, 'ledger.jsonl'), text);
      await expect(archive.commit(first, closing(0, 0))).rejects.toMatchObject({ code: 'LEDGER_UNREADABLE' });
      expect(await readFile(join(folder, 'ledger.jsonl'), 'utf8')).toBe(text);
    }
  });

  it('finds a window that was closed long ago, and the place of an old one that was not', async () => {
    const minute = (number: number): Window => ({
      epoch: 0,
      from: new Date(Date.UTC(2026, 0, 1, 0, number)).toISOString(),
      to: new Date(Date.UTC(2026, 0, 1, 0, number + 1)).toISOString(),
    });
    const line = { outcome: 'completed', chats: 3, records: 4, parts: [], requestId: null };
    const lines = Array.from({ length: 3000 }, (_, number) => JSON.stringify({ ...minute(number * 2), ...line }));
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'ledger.jsonl'), `${lines.join('\n')}\n`);
    const published = { totals: { chats: 3, records: 4 }, healed: [], gone: 0, conflicts: 0, closed: true };
    for (const number of [0, 2000, 5998]) expect(await archive.publish(minute(number), [])).toEqual(published);
    for (const number of [1, 3001]) {
      await expect(archive.publish(minute(number), [])).rejects.toMatchObject({ code: 'STALE_WINDOW' });
    }
    await archive.commit(minute(6000), closing(0, 0));
    expect(await archive.last()).toEqual(minute(6000));
  });
});
