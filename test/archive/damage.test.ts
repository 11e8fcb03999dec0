import { appendFile, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFolderArchive } from '../../src/archive/folder-archive';
import type { Window } from '../../src/domain/window';
import type { Closing, Archive } from '../../src/archive/archive';
import { filesBelow, ledgerLines, newFolder, removeFolders, visibleIds } from './output';
import { first, rewound, second, writeChat } from './steps';
import { failingFileSystem, plainFileSystem } from './watched-file-system';

let dir: string;
let folder: string;
let ledger: string;
let archive: Archive;

const third: Window = { epoch: 0, from: second.to, to: '2026-04-10T00:00:00Z' };

const open = (): Archive => createFolderArchive({ dir, source: 'test', fs: plainFileSystem });

function closing(chats: number, records: number, outcome: Closing['outcome'] = 'completed'): Closing {
  return { outcome, totals: { chats, records }, requestId: null };
}

beforeEach(async () => {
  dir = await newFolder();
  folder = join(dir, 'test');
  ledger = join(folder, 'ledger.jsonl');
  archive = open();
});
afterEach(removeFolders);

const text = (): Promise<Buffer> => readFile(ledger);

describe('a ledger that is damaged', () => {
  const garbage: [string, string | Buffer][] = [
    ['a whole line of garbage', 'garbage\n'],
    ['a whole line of something else', '{"other":1}\n'],
    ['a ledger line without its parts', '{"epoch":0,"from":"","to":"","outcome":"completed"}\n'],
    ['garbage without an end', 'garbage'],
    ['an empty line', '\n'],
    ['half a line whose beginning is gone', 'epoch":0,"from":"2026-04-08T00:00:00Z"'],
    ['a binary file', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x0a, 0xff, 0])],
    ['a binary file that begins with zeros', Buffer.from([0, 0, 0, 0x20, 0x66, 0x74, 0x79, 0x70, 0, 2, 1])],
    ['a long line', Buffer.alloc(300_000, 'x')],
  ];

  it.each(garbage)('is not written over where it ends in %s', async (_, rest) => {
    for (const window of [first, second]) await archive.commit(window, closing(0, 0));
    await appendFile(ledger, rest);
    const before = await text();
    const failure = {
      code: 'LEDGER_UNREADABLE',
      message: expect.stringMatching(/^Line [34] of test.ledger.jsonl in FILE_DIR/),
    };
    for (const worker of [archive, open()]) {
      await expect(worker.missing()).rejects.toMatchObject(failure);
      await expect(worker.last()).rejects.toMatchObject(failure);
      await expect(worker.commit(third, closing(0, 0))).rejects.toMatchObject(failure);
      await expect(worker.check()).rejects.toMatchObject(failure);
    }
    expect(await text()).toEqual(before);
  });

  it.each(garbage)('is not written over where it is nothing but %s', async (_, whole) => {
    await mkdir(folder, { recursive: true });
    await writeFile(ledger, whole);
    const failure = { code: 'LEDGER_UNREADABLE', message: expect.stringMatching(/^Line [12] of .*`chat-sync rewind`/) };
    await expect(archive.missing()).rejects.toMatchObject(failure);
    await expect(archive.commit(first, closing(0, 0))).rejects.toMatchObject(failure);
    expect(await text()).toEqual(Buffer.from(whole));
  });

  it.each(['garbage', '{"other":1}', '\0\0\0\0', '{"epoch":0,', ''])(
    'is found out where a line in its middle is %j, before the first window of a worker',
    async (line) => {
      const windows = Array.from({ length: 9 }, (_, number) => ({
        epoch: 0,
        from: new Date(Date.UTC(2026, 0, number + 1)).toISOString(),
        to: new Date(Date.UTC(2026, 0, number + 2)).toISOString(),
      }));
      for (const window of windows) await archive.commit(window, closing(0, 0));
      expect(await archive.missing()).toBeNull();
      const lines = (await text()).toString().split('\n');
      lines[3] = line;
      await writeFile(ledger, lines.join('\n'));
      const failure = { code: 'LEDGER_UNREADABLE', message: expect.stringContaining('Line 4 of test/ledger.jsonl') };
      await expect(open().missing()).rejects.toMatchObject(failure);
      expect(await open().last()).toEqual(windows.at(-1));
    },
  );

  it('is told from a folder of its name', async () => {
    await mkdir(ledger, { recursive: true });
    const failure = { code: 'LEDGER_UNREADABLE', message: expect.stringContaining('test/ledger.jsonl in FILE_DIR') };
    await expect(archive.missing()).rejects.toMatchObject(failure);
    await expect(archive.commit(first, closing(0, 0))).rejects.toMatchObject(failure);
    expect(await readdir(ledger)).toEqual([]);
  });
});

describe('what decides the next line of a ledger', () => {
  const slot = (position: number): string => join(folder, '.staging', `ledger-${position}`);

  it('waits for no clock', async () => {
    await archive.commit(first, closing(0, 0));
    const future = new Date(Date.now() + 3_600_000);
    for (const path of [join(folder, '.staging', 'ledger.lock'), slot((await text()).length)]) {
      await mkdir(path).catch(() => undefined);
      await utimes(path, future, future);
    }
    await rm(slot((await text()).length), { recursive: true });
    await archive.commit(second, closing(0, 0));
    expect(await ledgerLines(folder)).toHaveLength(2);
  });

  it('is what a worker that died had decided, and then what comes after it', async () => {
    await archive.commit(first, closing(0, 0));
    const dead = createFolderArchive({
      dir,
      source: 'test',
      fs: failingFileSystem('EIO', ({ name, path }) => name === 'write' && path === ledger),
    });
    await expect(dead.commit(second, closing(0, 0))).rejects.toMatchObject({ code: 'EIO' });
    await archive.commit(third, closing(0, 0));
    expect((await ledgerLines(folder)).map(({ to }) => to)).toEqual([first.to, second.to, third.to]);
    await archive.commit(second, closing(0, 0));
    expect(await readdir(join(folder, '.staging'))).toEqual([]);
  });

  it.each(['', '{"epoch":0', 'garbage\n', '\0\0\0'])('is decided anew where a loss of power left %j', async (rest) => {
    await archive.commit(first, closing(0, 0));
    await writeFile(slot((await text()).length), rest);
    await archive.commit(second, closing(0, 0));
    expect((await ledgerLines(folder)).map(({ to }) => to)).toEqual([first.to, second.to]);
  });

  it('is no more what it was once the ledger is beyond it', async () => {
    await archive.commit(first, closing(0, 0));
    await writeFile(slot(0), `${JSON.stringify({ epoch: 9 })}\n`);
    await archive.commit(second, closing(0, 0));
    expect((await ledgerLines(folder)).map(({ to }) => to)).toEqual([first.to, second.to]);
    expect(await readdir(join(folder, '.staging'))).toEqual([]);
  });
});

describe('a list that is damaged', () => {
  const list = (number: number): string =>
    join(folder, '.staging', '0-20260408T000000Z-20260408T143045Z', `list-00000${number}.json`);

  async function publish(...chatIds: string[]): Promise<void> {
    for (const chatId of chatIds) await archive.publish(first, [await writeChat(archive, first, chatId, [1])]);
  }

  it.each(['', '{"chats":["chat_a"],', 'garbage', '{}', '\0\0\0\0'])(
    'holds a window up, and says so, until the window is given up: %j',
    async (damage) => {
      await publish('chat_a', 'chat_b', 'chat_c');
      await writeFile(list(2), damage);
      const late = await writeChat(open(), first, 'chat_d', [1]);
      for (const step of [
        async () => open().publish(first, [late]),
        async () => open().commit(first, closing(3, 3)),
        async () => open().has(first, 'chat_a'),
      ]) {
        await expect(step()).rejects.toMatchObject({
          code: 'LIST_UNREADABLE',
          message: expect.stringMatching(
            new RegExp(`test/.staging/0-\\w+-\\w+/list-000002.json.*chat-sync rewind --to ${first.from}`),
          ),
        });
      }
      expect(await open().missing()).toBeNull();
      expect(await open().unfinished()).toHaveLength(1);

      await open().commit(first, closing(0, 0, 'abandoned'));

      const [line] = await ledgerLines(folder);
      expect(line).toMatchObject({ outcome: 'abandoned', chats: 3, records: 3, unreadableLists: 1 });
      expect(line?.parts.map(({ path }) => path.slice(-13))).toEqual(['000001.ndjson', '000003.ndjson']);
      expect(await visibleIds(folder)).toHaveLength(3);
      expect(await readdir(join(folder, '.staging'))).toEqual([]);
      await open().publish(rewound, [await writeChat(open(), rewound, 'chat_a', [1])]);
      await open().commit(rewound, closing(1, 1));
    },
  );

  it('goes on when it is restored', async () => {
    await publish('chat_a', 'chat_b');
    const whole = await readFile(list(1));
    await writeFile(list(1), '');
    const worker = open();
    await expect(worker.publish(first, [])).rejects.toMatchObject({ code: 'LIST_UNREADABLE' });
    await writeFile(list(1), whole);
    await worker.commit(first, closing(2, 2));
    expect(await ledgerLines(folder)).toMatchObject([{ outcome: 'completed', chats: 2 }]);
  });

  it('is counted where all are, and where the worker died that gave the window up', async () => {
    await publish('chat_a', 'chat_b');
    await writeFile(list(1), '');
    await writeFile(list(2), '');
    const broken = failingFileSystem('EIO', ({ name, path }) => name === 'write' && path === ledger);
    const dead = createFolderArchive({ dir, source: 'test', fs: broken });
    await expect(dead.commit(first, closing(0, 0, 'abandoned'))).rejects.toMatchObject({ code: 'EIO' });
    await open().commit(first, closing(0, 0, 'abandoned'));
    expect(await readFile(ledger, 'utf8')).toMatch(/"chats":0,"records":0,"parts":\[\],.*"unreadableLists":2,"at":/);
    expect(await filesBelow(join(folder, 'messages'))).toHaveLength(2);
  });
});

describe('a staged file that is damaged', () => {
  it.each<[string, (path: string) => Promise<void>]>([
    ['STAGED_MISSING', (path) => rm(path)],
    ['STAGED_DAMAGED', (path) => writeFile(path, 'x')],
  ])('is named: %s', async (code, damage) => {
    const chat = await writeChat(archive, first, 'chat_a', [1]);
    const [path = ''] = await filesBelow(join(folder, '.staging'));
    await damage(path);
    await expect(archive.publish(first, [chat])).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/^test\/\.staging\/[\w-]+\/[\w-]+ in FILE_DIR .*cancel the workflow/),
    });
  });
});
