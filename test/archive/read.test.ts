import { appendFile, mkdir, mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collect } from '../../harness/collect';
import { Damage } from '../../src/archive/read/damage';
import { readLedger, type LedgerLine } from '../../src/archive/read/ledger';
import { partsIn, readPart, readRecords } from '../../src/archive/read/parts';
import { createFolderArchive } from '../../src/archive/folder-archive';
import { first, record, second, writeChat } from './steps';
import { textOf } from '../support/parsed-record';

const FIRST_PART = 'messages/2026-04-08/20260408T143045Z-000001.ndjson';
const SECOND_PART = 'messages/2026-04-09/20260409T000000Z-000001.ndjson';

let dir: string;
let folder: string;
let ledger: string;
let line: LedgerLine;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'archive-'));
  folder = join(dir, 'test');
  ledger = join(folder, 'ledger.jsonl');
  const archive = createFolderArchive({ dir, source: 'test' });
  for (const window of [first, second]) {
    await archive.publish(window, [await writeChat(archive, window, 'chat_a', [1, 2])]);
    await archive.commit(window, { outcome: 'completed', totals: { chats: 1, records: 2 }, requestId: 'req_1' });
  }
  [line] = (await collect(readLedger(folder))) as [LedgerLine];
});
afterEach(() => rm(dir, { recursive: true }));

const texts = [1, 2].map((number) => textOf(record('chat_a', number)));

it('reads windows and records in the order in which they were written', async () => {
  expect(await collect(readLedger(folder))).toMatchObject([first, second]);
  expect(await partsIn(folder)).toEqual([FIRST_PART, SECOND_PART]);
  expect(await collect(readRecords(folder))).toEqual([...texts, ...texts]);
  expect(await collect(readPart(folder, line.parts[0]!))).toEqual(texts);
});

it('finds nothing where there is nothing', async () => {
  expect([await collect(readLedger(dir)), await partsIn(dir), await collect(readRecords(dir))]).toEqual([[], [], []]);
});

it('keeps lines together that are longer than what is read at a time', async () => {
  const long = Array.from({ length: 3 }, (_, number) => JSON.stringify(String(number).repeat(300_000)));
  await writeFile(join(folder, FIRST_PART), long.map((text) => `${text}\n`).join(''));
  expect(await collect(readPart(folder, { path: FIRST_PART }))).toEqual(long);
});

it('passes over a last line of the ledger that a crash cut short, and no other', async () => {
  const whole = await readFile(ledger, 'utf8');
  await appendFile(ledger, whole.slice(0, 50));
  expect(await collect(readLedger(folder))).toHaveLength(2);
  await writeFile(ledger, `${whole.slice(0, 50)}\0\n${whole}`);
  await expect(collect(readLedger(folder))).rejects.toThrow('ledger.jsonl has no line of a ledger at line 1');
  await writeFile(ledger, `${whole}{"other":1}\n`);
  await expect(collect(readLedger(folder))).rejects.toThrow('ledger.jsonl has no line of a ledger at line 3');
});

it('names a ledger that cannot be read', async () => {
  await rm(ledger);
  await mkdir(ledger);
  await expect(collect(readLedger(folder))).rejects.toThrow('ledger.jsonl cannot be read (EISDIR)');
});

it.each<[string, (path: string, text: string) => Promise<void>]>([
  ['is not there', (path) => unlink(path)],
  ['ends within a record', (path, text) => writeFile(path, text.slice(0, -1))],
  ['has 0 bytes', (path) => writeFile(path, '')],
  ['holds something else', (path, text) => writeFile(path, text.replace('secret', 'public'))],
])('says of a part that it %s', async (what, damage) => {
  const path = join(folder, FIRST_PART);
  await damage(path, await readFile(path, 'utf8'));
  const reading = collect(readPart(folder, line.parts[0]!));
  await expect(reading).rejects.toBeInstanceOf(Damage);
  await expect(reading).rejects.toThrow(`${FIRST_PART} ${what}`);
});
