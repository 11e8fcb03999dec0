import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFolderArchive } from '../../src/archive/folder-archive';
import type { Head } from '../../src/domain/published';
import type { Window } from '../../src/domain/window';
import type { Archive } from '../../src/archive/archive';
import { newFolder, removeFolders } from './output';
import { plainFileSystem } from './watched-file-system';

// Each line of the ledger holds the hash of the one before: what is changed, taken out or cut off is noticed.

let dir: string;
let ledger: string;
let archive: Archive;
beforeEach(async () => {
  dir = await newFolder();
  ledger = join(dir, 'test', 'ledger.jsonl');
  archive = open();
});
afterEach(removeFolders);

const open = (): Archive => createFolderArchive({ dir, source: 'test', fs: plainFileSystem });
const day = (day: number): string => `2026-04-0${day}T00:00:00Z`;
const window = (from: number): Window => ({ epoch: 0, from: day(from), to: day(from + 1) });
const closing = { outcome: 'completed', totals: { chats: 0, records: 0 }, requestId: null } as const;
const linesOf = async (): Promise<string[]> => (await readFile(ledger, 'utf8')).split(/(?<=\n)/);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function commit(...days: number[]): Promise<Head[]> {
  const heads: Head[] = [];
  for (const from of days) heads.push((await open().commit(window(from), closing))!);
  return heads;
}

test('each line has its number, and the hash of the line before as it stands there', async () => {
  const heads = await commit(1, 2, 3);
  const lines = await linesOf();
  const hashes = lines.map(sha256);
  expect(heads).toEqual(hashes.map((hash, index) => ({ n: index + 1, sha256: hash })));
  const chained = lines.map((line) => JSON.parse(line) as { n: number; prev: string });
  expect(chained.map(({ n }) => n)).toEqual([1, 2, 3]);
  expect(chained.map(({ prev }) => prev)).toEqual(['0'.repeat(64), ...hashes.slice(0, 2)]);
  // The same for whoever comes late.
  expect(await commit(3)).toEqual(heads.slice(2));
  for (const head of heads) expect(await open().holds(head)).toBe(true);
});

test.each<[string, (lines: string[]) => string[]]>([
  [
    'a figure of it is another',
    ([one = '', two = '', three = '']) => [one, two.replace('"records":0', '"records":9'), three],
  ],
  ['a line is taken out', ([one = '', , three = '']) => [one, three]],
  ['two lines change places', ([one = '', two = '', three = '']) => [two, one, three]],
  ['its first line is gone', (lines) => lines.slice(1)],
  [
    'a line is not chained any more',
    ([one = '', two = '', three = '']) => [one, two.replace(/"n":2,|,"prev":"\w+"/g, ''), three],
  ],
])('a ledger is not gone on with where %s', async (_title, change) => {
  await commit(1, 2, 3);
  const changed = change(await linesOf()).join('');
  await writeFile(ledger, changed);
  for (const worker of [archive, open()]) {
    await expect(worker.missing()).rejects.toMatchObject({
      code: 'LEDGER_UNREADABLE',
      message: expect.stringMatching(
        /^Line [123] of .* does not follow the one before, and nothing is written over it/,
      ) as unknown,
    });
  }
  expect(await readFile(ledger, 'utf8')).toBe(changed);
});

test('whoever knows the last line notices that it was changed, or cut off', async () => {
  const [, second, third] = (await commit(1, 2, 3)) as [Head, Head, Head];
  const [one = '', two = '', three = ''] = await linesOf();
  await truncate(ledger, Buffer.byteLength(one + two));
  expect(await archive.missing()).toBeNull();
  expect([await open().holds(second), await open().holds(third)]).toEqual([true, false]);
  await appendFile(ledger, three.replace('"records":0', '"records":9'));
  expect(await open().holds(third)).toBe(false);
});

test('an archive of before lines were chained is gone on with: the first new line holds the last old one', async () => {
  const old = [1, 2].map(
    (from) =>
      `{"epoch":0,"from":"${day(from)}","to":"${day(from + 1)}","outcome":"completed","chats":0,"records":0,"parts":[],"requestId":null}\n`,
  );
  await mkdir(join(dir, 'test'), { recursive: true });
  await writeFile(ledger, old.join(''));
  expect(await archive.missing()).toBeNull();
  expect((await commit(3))[0]).toMatchObject({ n: 3 });
  const { n, prev } = JSON.parse((await linesOf())[2]!) as { n: number; prev: string };
  expect({ n, prev }).toEqual({ n: 3, prev: sha256(old[1]!) });
  for (const worker of [archive, open()]) expect(await worker.missing()).toBeNull();
  await writeFile(ledger, [old[0], old[1]!.replace('"chats":0', '"chats":7'), (await linesOf())[2]].join(''));
  await expect(open().missing()).rejects.toMatchObject({ code: 'LEDGER_UNREADABLE' });
});
