import { createHash, sign, verify, createPrivateKey } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFolderLog } from '../../src/archive/folder-log';
import type { Finding } from '../../src/archive/verify/finding';
import { verifyArchive } from '../../src/archive/verify/verify';
import { publicKeysIn, readSigner } from '../../src/evidence-key';
import { newEvidenceKey, type KeyFiles } from '../support/evidence-key';
import { makeArchive, recordsOfChat, type MadeArchive } from '../support/made-archive';

// What whoever has the disk, and not the key, can do to a signed ledger: it is found.

let key: KeyFiles;
let archive: MadeArchive;
beforeEach(async () => {
  key = await newEvidenceKey();
  archive = await makeArchive('made', 'an-archive', () => readSigner(key.privateKey));
  await archive.window([recordsOfChat('a', 3)]);
  await archive.window([recordsOfChat('b', 2)]);
  await archive.window([recordsOfChat('c', 1)]);
});
afterEach(() => archive.remove());

const ledger = (): string => join(archive.folder, 'ledger.jsonl');
const lines = async (): Promise<string[]> => (await readFile(ledger(), 'utf8')).split('\n').slice(0, -1);
const sha256 = (line: string): string => createHash('sha256').update(`${line}\n`).digest('hex');
const unsigned = (line: string): string => line.replace(/,"signature":"[^"]*"/, '');

/** Writes a ledger whose hashes are right, whatever was done to its lines. @param signed What is done to each then. */
async function rewrite(all: readonly string[], signed = (line: string): string => line): Promise<void> {
  let prev = '0'.repeat(64);
  const written = all.map((line) => {
    const chained = signed(line.replace(/"prev":"\w{64}"/, `"prev":"${prev}"`));
    prev = sha256(chained);
    return `${chained}\n`;
  });
  await writeFile(ledger(), written.join(''));
}

async function found(publicKey?: string): Promise<Pick<Finding, 'kind' | 'where'>[]> {
  const findings: Finding[] = [];
  const pinned = publicKey === undefined ? null : publicKeysIn(await readFile(publicKey, 'utf8'));
  await verifyArchive(archive.folder, null, (finding) => void findings.push(finding), pinned);
  return findings.map(({ kind, where }) => ({ kind, where }));
}

test('each line is signed, over its text without the signature', async () => {
  const pem = await readFile(key.publicKey, 'utf8');
  const all = await lines();
  expect(all).toHaveLength(4);
  for (const line of all) {
    const { signature } = JSON.parse(line) as { signature: string };
    expect(verify(null, Buffer.from(unsigned(line)), pem, Buffer.from(signature, 'base64'))).toBe(true);
  }
  expect(await found()).toEqual([]);
  expect(await found(key.publicKey)).toEqual([]);
});

test('the line that ARCHIVE_KEEP writes is signed too', async () => {
  const log = createFolderLog(archive.dir, archive.source, () => readSigner(key.privateKey));
  await log.remove(3, null, new Set());
  expect((await lines()).at(-1)).toMatch(/"event":"removed".*"signature":"/);
  expect(await found()).toEqual([{ kind: 'parts-removed', where: 'lines 1 to 2' }]);
});

test('a line that was changed, with the hashes behind it made right, is found by what was signed', async () => {
  const [named, one, two, three] = (await lines()) as [string, string, string, string];
  await rewrite([named, one, two.replace('"requestId":null', '"requestId":"req_other"'), three]);
  expect(await found()).toEqual([{ kind: 'signature-wrong', where: 'lines 3 to 4, each,' }]);
});

test('so is one to which something was added behind its signature', async () => {
  const all = await lines();
  const last = all.pop()!;
  await rewrite([...all, last.replace(/\}$/, ',"requestId":"req_other"}')]);
  expect(await found()).toEqual([{ kind: 'signature-missing', where: 'line 4' }]);
});

test.each<[string, (all: string[]) => string[], object]>([
  [
    'whose signature was taken out',
    ([named = '', one = '', two = '', three = '']) => [named, one, two, unsigned(three)],
    { kind: 'signature-missing', where: 'line 4' },
  ],
  [
    'that was added by somebody else',
    (all) => [
      ...all,
      `{"n":5,"event":"removed","at":"2026-04-09T00:00:00.000Z","from":1,"through":1,"parts":0,"bytes":0,"prev":"${'0'.repeat(64)}"}`,
    ],
    { kind: 'signature-missing', where: 'line 5' },
  ],
])('a line %s is found', async (_title, change, finding) => {
  await rewrite(change(await lines()));
  expect(await found()).toContainEqual(finding);
});

test('what another key signed throughout is found by who was given the right one', async () => {
  const other = await newEvidenceKey();
  const privateKey = createPrivateKey(await readFile(other.privateKey, 'utf8'));
  const [publicKey = ''] = publicKeysIn(await readFile(other.publicKey, 'utf8'));
  await rewrite(await lines(), (line) => {
    const text = unsigned(line)
      .replace(/"publicKey":"[^"]*"/, `"publicKey":"${publicKey}"`)
      .replace('"records":3', '"records":3,"healed":[]');
    const signature = sign(null, Buffer.from(text), privateKey).toString('base64');
    return `${text.slice(0, -1)},"signature":"${signature}"}`;
  });
  expect(await found()).toEqual([]);
  expect(await found(key.publicKey)).toEqual([{ kind: 'signature-wrong', where: 'line 1' }]);
});

test('so is one from which every signature was taken out', async () => {
  const [, ...windows] = await lines();
  await rewrite(windows.map((line, index) => unsigned(line).replace(/"n":\d/, `"n":${index + 1}`)));
  expect(await found()).toEqual([]);
  expect(await found(key.publicKey)).toEqual([{ kind: 'signature-missing', where: 'ledger.jsonl' }]);
});
