import { appendFile, mkdir, readFile, rename, rm, symlink, writeFile, chmod } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Finding } from '../../src/archive/verify/finding';
import { verifyArchive } from '../../src/archive/verify/verify';
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
async function verify(noted: Head | null = null, during?: () => Promise<void>) {
  const findings: Finding[] = [];
  const verified = await verifyArchive(archive.folder, noted, (finding) => void findings.push(finding));
  return { ...verified, findings, kinds: findings.map(({ kind }) => kind) };
}
const ledger = (): string => join(archive.folder, 'ledger.jsonl');
const lines = async (): Promise<string[]> => (await readFile(ledger(), 'utf8')).split('\n').slice(0, -1);

it('a sync that closes a window meanwhile is no fault of the archive', async () => {
  // Large enough that the sync is done before the parts are.
  await archive.window([Array.from({ length: 40 }, (_, i) => recordOf(`big-${i}`, { x: 'y'.repeat(1_000_000) }))]);
  const running = verify();
  const writing = (async () => {
    await archive.window([recordsOfChat('meanwhile', 5)]);
    return (await lines()).length;
  })();
  const { findings } = await running;
  await writing;
  console.log(findings);
  expect(findings.filter(({ grade }) => grade === 'wrong')).toEqual([]);
});

it('a middle line that is filled with zeros is wrong', async () => {
  const all = await lines();
  await writeFile(
    ledger(),
    [all[0], all[1]!.slice(0, 20) + '\0'.repeat(all[1]!.length - 20), all[2], all[3], ''].join('\n'),
  );
  const { findings } = await verify();
  console.log(findings);
  expect(findings.some(({ grade }) => grade === 'wrong')).toBe(true);
});

it('a part that is a folder, is unreadable, or is a symlink is told, and the rest is looked at', async () => {
  const [first, second] = await partsIn(archive.folder);
  await rm(join(archive.folder, first!));
  await mkdir(join(archive.folder, first!));
  const result = await verify().catch((e: unknown) => e);
  console.log(result);
  expect(result).not.toBeInstanceOf(Error);
});

it('ledger.jsonl that is a folder', async () => {
  await rm(ledger());
  await mkdir(ledger());
  const result = await verify().catch((e: unknown) => e);
  console.log(result);
});

it('a damaged list of an open window is told', async () => {
  await archive.publish(recordsOfChat('open', 3));
  const { readdir } = await import('node:fs/promises');
  const staging = join(archive.folder, '.staging');
  for (const name of await readdir(staging, { recursive: true })) {
    const p = join(staging, name);
    const text = await readFile(p, 'utf8').catch(() => null);
    if (text !== null && text.includes('"path"')) {
      await writeFile(p, 'garbage\n');
      console.log('damaged', name);
    }
  }
  const result = await verify().catch((e: unknown) => e);
  console.log(result);
});

it('a record twice in one part, an id twice in windows; an unnamed part in an odd folder; other files', async () => {
  await writeFile(join(archive.folder, 'messages', 'README'), 'x');
  await mkdir(join(archive.folder, 'messages', 'extra'), { recursive: true });
  await writeFile(join(archive.folder, 'messages', 'extra', 'x.ndjson'), '{"id":"x"}\n');
  await archive.window([[recordOf('a-00001')]]);
  const r = await verify();
  console.log(r.findings);
  expect(r.kinds).toContain('message-repeated');
  expect(r.kinds).toContain('part-unnamed');
});

it('an abandoned window whose messages are read again in the same epoch is no repetition', async () => {
  await archive.publish(recordsOfChat('again', 3));
  await archive.close('abandoned');
  await archive.window([recordsOfChat('again', 3)]);
  const r = await verify();
  console.log(r.findings);
  expect(r.findings.filter(({ kind }) => kind === 'message-repeated')).toEqual([]);
});

it('last line without its newline, edited', async () => {
  const text = await readFile(ledger(), 'utf8');
  await writeFile(ledger(), text.slice(0, -1));
  const { head } = { head: { n: 4, sha256: 'x' } };
  const r = await verify();
  console.log(r.findings, r.head, head);
  await writeFile(ledger(), text.replace(/\n$/, '\n\n\n'));
  console.log((await verify()).findings);
  await writeFile(ledger(), '');
  console.log((await verify()).findings);
  await writeFile(ledger(), '\uFEFF' + text);
  console.log((await verify()).findings);
  await writeFile(ledger(), text.replaceAll('\n', '\r\n'));
  console.log((await verify()).findings.slice(0, 3));
});

it('a huge line without an end', async () => {
  await appendFile(ledger(), 'x'.repeat(50_000_000));
  const r = await verify();
  console.log(r.findings, process.memoryUsage().rss / 1e6);
});

it('removed event that an attacker appended: tail lines re-chained', async () => {
  // position: `through` behind the last line, or negative from.
  const all = await lines();
  const { createHash } = await import('node:crypto');
  const prev = createHash('sha256').update(`${all[3]}\n`).digest('hex');
  await appendFile(
    ledger(),
    JSON.stringify({ n: 5, event: 'removed', at: 'x', from: 1, through: 99, parts: 4, bytes: 1, prev }) + '\n',
  );
  await archive.window([recordsOfChat('e', 2)]).catch((e: unknown) => console.log(e));
  const r = await verify();
  console.log(r.findings, r.records);
  expect(r.findings.some(({ grade }) => grade === 'wrong')).toBe(true);
});
void rename;
void symlink;
void chmod;
void dirname;
