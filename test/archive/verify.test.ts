import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Finding } from '../../src/archive/verify/finding';
import { verifyArchive, type Verified } from '../../src/archive/verify/verify';
import { applyRetention } from '../../src/delivery/retention';
import type { Head } from '../../src/domain/published';
import { makeArchive, recordOf, recordsOfChat, type MadeArchive } from '../support/made-archive';
import { partsIn } from '../../src/archive/read/parts';

let archive: MadeArchive;
beforeEach(async () => {
  archive = await makeArchive();
  await archive.window([recordsOfChat('a', 30)], [recordsOfChat('b', 20)]);
  await archive.window([recordsOfChat('c', 10)]);
  await archive.window();
  await archive.window([recordsOfChat('d', 5)]);
});
afterEach(() => archive.remove());

async function verify(noted: Head | null = null): Promise<Verified & { findings: Finding[]; kinds: string[] }> {
  const findings: Finding[] = [];
  const verified = await verifyArchive(archive.folder, noted, (finding) => void findings.push(finding));
  return { ...verified, findings, kinds: findings.map(({ kind }) => kind) };
}
const ledger = (): string => join(archive.folder, 'ledger.jsonl');
const lines = async (): Promise<string[]> => (await readFile(ledger(), 'utf8')).split('\n').slice(0, -1);
const write = (all: string[]): Promise<void> => writeFile(ledger(), all.map((line) => `${line}\n`).join(''));
const part = async (index: number): Promise<string> => join(archive.folder, (await partsIn(archive.folder))[index]!);

it('finds nothing in an archive that is what was written', async () => {
  const { findings, ...verified } = await verify();
  expect(findings).toEqual([]);
  expect(verified).toMatchObject({ windows: 4, parts: 4, records: 65, head: { n: 4 } });
  expect((await verify(verified.head)).findings).toEqual([]);
});

it('has no fault to find in one that has just begun, nor in the window that is open', async () => {
  await archive.publish(recordsOfChat('open', 3));
  const { findings, records } = await verify();
  expect(findings).toMatchObject([{ grade: 'note', kind: 'window-open' }]);
  expect(records).toBe(68);
});

it('names what ARCHIVE_KEEP removed as such', async () => {
  await mkdir(join(archive.folder, 'positions'));
  const after = createHash('sha256')
    .update(`${(await lines())[1]!}\n`)
    .digest('hex');
  const position = { archive: 'an-archive', epoch: 0, entry: 3, after, byte: 0, part: null, records: 0 };
  await writeFile(join(archive.folder, 'positions', 'x.json'), JSON.stringify(position));
  await applyRetention(archive.log, { keepMs: 0, destinations: ['x'] }, Date.now());
  await archive.window([recordsOfChat('e', 1)]);
  const { findings, records } = await verify();
  expect(findings).toMatchObject([{ grade: 'note', kind: 'parts-removed' }]);
  expect(records).toBe(6);
});

describe('damage', () => {
  it('is found and named: a byte of a part', async () => {
    const path = await part(0);
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('text of a-00007', 'Text of a-00007'));
    const { findings } = await verify();
    expect(findings).toMatchObject([
      { grade: 'wrong', kind: 'part-altered', where: expect.stringContaining('000001.ndjson') },
    ]);
  });

  it('a part that is shorter, or gone', async () => {
    const path = await part(1);
    await writeFile(path, (await readFile(path)).subarray(0, 100));
    await rm(await part(2));
    expect((await verify()).kinds).toEqual(['part-altered', 'part-missing']);
  });

  it('a part that nobody wrote', async () => {
    await writeFile(join(dirname(await part(0)), '20260402T000000Z-000009.ndjson'), `${recordOf('x')}\n`);
    expect((await verify()).kinds).toEqual(['part-unnamed']);
  });

  it('a line of the ledger that was changed', async () => {
    const all = await lines();
    await write(all.with(1, all[1]!.replace('"chats":1', '"chats":2')));
    expect((await verify()).findings).toMatchObject([{ kind: 'line-altered', where: 'line 2' }]);
  });

  it('one that was changed, with the hash behind it made to fit', async () => {
    const { head } = await verify();
    const all = await lines();
    const changed = all[1]!.replace('"chats":1', '"chats":2');
    const prev = createHash('sha256').update(`${changed}\n`).digest('hex');
    const rechained = all[2]!.replace(/"prev":"[0-9a-f]+"/, `"prev":"${prev}"`);
    await write(all.with(1, changed).with(2, rechained));
    expect((await verify()).findings).toMatchObject([{ kind: 'line-altered', where: 'line 3' }]);
    // Who rewrites all that follow has another head.
    await write([...all.slice(0, 3), all[3]!.replace('"chats":1', '"chats":2')]);
    expect((await verify()).kinds).toEqual([]);
    expect((await verify(head)).findings).toMatchObject([{ kind: 'head-altered' }]);
  });

  it('a line that is gone, doubled, or no line', async () => {
    const all = await lines();
    await write(all.toSpliced(1, 1));
    expect((await verify()).kinds).toEqual(['lines-missing', 'hole', 'part-unnamed']);
    await write(all.toSpliced(1, 0, all[1]!));
    expect((await verify()).kinds).toContain('line-repeated');
    await write(all.with(1, 'nonsense'));
    expect((await verify()).kinds).toContain('line-unreadable');
  });

  it('a tail that was cut off, by the head that was noted', async () => {
    const { head } = await verify();
    const all = await lines();
    await write(all.slice(0, 3));
    expect((await verify()).kinds).toEqual(['part-unnamed']);
    expect((await verify(head)).kinds).toEqual(['head-missing', 'part-unnamed']);
    await write([]);
    expect((await verify(head)).kinds).toContain('head-missing');
  });

  it('two archives that were mixed', async () => {
    const other = await makeArchive('made', 'other');
    await other.window([recordsOfChat('a', 3)]);
    await other.window([recordsOfChat('y', 3)]);
    const text = await readFile(join(other.folder, 'ledger.jsonl'), 'utf8');
    await appendFile(ledger(), text);
    const { kinds } = await verify();
    expect(kinds).toEqual(expect.arrayContaining(['line-repeated', 'overlap', 'part-named-twice', 'part-altered']));
    await other.remove();
  });

  it('an id that two chats have is no repetition', async () => {
    await archive.window([[recordOf('copied', { chat_id: 'one' })], [recordOf('copied', { chat_id: 'other' })]]);
    expect((await verify()).findings).toEqual([]);
  });

  it('a message that is there twice in an epoch, wherever', async () => {
    await archive.window(
      [[...recordsOfChat('z', 2), recordOf('a-00003', { chat_id: 'a' }), recordOf('ü "quoted" \\')]],
      [[recordOf('ü "quoted" \\')]],
    );
    const { findings } = await verify();
    expect(findings.map(({ kind }) => kind)).toEqual(['message-repeated', 'message-repeated']);
    expect(findings.map(({ says }) => says).join('\n')).toContain('a-00003');
  });

  it('records of any size, cut anywhere', async () => {
    const long = recordOf('long', { content: 'x'.repeat(3_000_000) });
    await archive.window([[recordOf('short'), long, recordOf('after'), recordOf(`id-${'y'.repeat(600)}`)]]);
    const { findings, records } = await verify();
    expect(findings).toEqual([]);
    expect(records).toBe(69);
  });

  it('that is not there: rewinds, windows that were given up', async () => {
    await archive.publish(recordsOfChat('given-up', 3));
    await archive.close('abandoned');
    expect((await verify()).findings).toEqual([]);
  });
});
