import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { partsIn } from '../../src/archive/read/parts';
import type { Finding } from '../../src/archive/verify/finding';
import { verifyArchive } from '../../src/archive/verify/verify';
import { makeArchive, recordOf, recordsOfChat, type MadeArchive } from '../support/made-archive';

let archive: MadeArchive;
beforeEach(async () => {
  archive = await makeArchive();
  await archive.window([recordsOfChat('a', 30)], [recordsOfChat('b', 20)]);
  await archive.window([recordsOfChat('c', 10)]);
});
afterEach(() => archive.remove());

async function verify(): Promise<{ findings: Finding[]; kinds: string[]; records: number }> {
  const findings: Finding[] = [];
  const { records } = await verifyArchive(archive.folder, null, (finding) => void findings.push(finding));
  return { findings, records, kinds: findings.map(({ kind }) => kind) };
}
const ledger = (): string => join(archive.folder, 'ledger.jsonl');
const lines = async (): Promise<string[]> => (await readFile(ledger(), 'utf8')).split('\n').slice(0, -1);

it('an archive of which nothing is left is not right', async () => {
  for (const path of await partsIn(archive.folder)) await rm(join(archive.folder, path));
  await rm(ledger());
  expect((await verify()).findings).toMatchObject([{ kind: 'nothing-there', grade: 'wrong', where: 'ledger.jsonl' }]);
});

it('a middle line that is filled with zeros is wrong', async () => {
  await archive.window([recordsOfChat('d', 1)]);
  const [one, two, three] = (await lines()) as [string, string, string];
  await writeFile(ledger(), [one, two.slice(0, 20) + '\0'.repeat(two.length - 20), three, ''].join('\n'));
  expect((await verify()).findings.some(({ grade }) => grade === 'wrong')).toBe(true);
});

it('a part that is a folder is told, and the rest is looked at', async () => {
  const [first] = await partsIn(archive.folder);
  await rm(join(archive.folder, first!));
  await mkdir(join(archive.folder, first!));
  const { findings, records } = await verify();
  expect(findings).toMatchObject([{ kind: 'part-altered', says: 'cannot be read (EISDIR)' }]);
  expect(records).toBe(30);
});

it('a ledger that is a folder is said so', async () => {
  await rm(ledger());
  await mkdir(ledger());
  await expect(verify()).rejects.toThrow('ledger.jsonl cannot be read (EISDIR)');
});

it('a file in the place of the folder of parts is said so', async () => {
  await rm(join(archive.folder, 'messages'), { recursive: true });
  await writeFile(join(archive.folder, 'messages'), '');
  await expect(verify()).rejects.toThrow('messages cannot be read (ENOTDIR)');
});

it('a message that stands in two windows, and a part in an odd folder', async () => {
  await mkdir(join(archive.folder, 'messages', 'extra'));
  await writeFile(join(archive.folder, 'messages', 'extra', 'x.ndjson'), '{"id":"x"}\n');
  await archive.window([[recordOf('a-00001', { chat_id: 'a' })]]);
  expect((await verify()).kinds).toEqual(expect.arrayContaining(['message-repeated', 'part-unnamed']));
});

it('what a window that was given up held comes again, and is no repetition', async () => {
  await archive.publish(recordsOfChat('again', 3));
  await archive.close('abandoned');
  await archive.window([recordsOfChat('again', 3)]);
  expect((await verify()).kinds).not.toContain('message-repeated');
});

it('line ends that are not ours are wrong', async () => {
  const text = await readFile(ledger(), 'utf8');
  await writeFile(ledger(), text.replaceAll('\n', '\r\n'));
  expect((await verify()).findings.some(({ grade }) => grade === 'wrong')).toBe(true);
});

it('a line that says that parts of later lines were removed is wrong', async () => {
  const all = await lines();
  const prev = createHash('sha256').update(`${all[1]!}\n`).digest('hex');
  const event = { n: 3, event: 'removed', at: '2026-01-01T00:00:00Z', from: 1, through: 99, parts: 4, bytes: 1, prev };
  await writeFile(ledger(), [...all, JSON.stringify(event), ''].join('\n'));
  expect((await verify()).findings.some(({ grade }) => grade === 'wrong')).toBe(true);
});
