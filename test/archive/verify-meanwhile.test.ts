import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../../src/archive/verify/finding';
import { verifyArchive } from '../../src/archive/verify/verify';
import { applyRetention } from '../../src/delivery/retention';
import { makeArchive, recordOf, recordsOfChat, type MadeArchive } from '../support/made-archive';
import { partsIn } from '../../src/archive/read/parts';

let archive: MadeArchive;
beforeEach(async () => {
  archive = await makeArchive();
  // Parts that take a while to read.
  for (let w = 0; w < 4; w++) {
    await archive.window([
      Array.from({ length: 30 }, (_, i) => recordOf(`big-${w}-${i}`, { x: 'y'.repeat(1_000_000) })),
    ]);
  }
});
afterEach(() => archive.remove());

async function wrongs(during: () => Promise<void>): Promise<Finding[]> {
  const findings: Finding[] = [];
  const running = verifyArchive(archive.folder, null, (finding) => void findings.push(finding));
  await during();
  await running;
  return findings.filter(({ grade }) => grade === 'wrong');
}

it('a window that a sync closes while verify runs is not called unnamed, to be moved away', async () => {
  await archive.window([recordsOfChat('later', 3)]);
  const ledger = join(archive.folder, 'ledger.jsonl');
  const whole = await readFile(ledger, 'utf8');
  const parts = await partsIn(archive.folder);
  const last = join(archive.folder, parts.at(-1)!);
  const before = whole.split('\n').slice(0, 4).join('\n') + '\n';
  await writeFile(ledger, before);
  await mkdir(join(archive.dir, 'aside'));
  await rename(last, join(archive.dir, 'aside', 'part'));
  const found = await wrongs(async () => {
    await rename(join(archive.dir, 'aside', 'part'), last);
    await appendFile(ledger, whole.slice(before.length));
  });
  expect(found).toEqual([]);
});

it('parts that ARCHIVE_KEEP removes while verify runs are not called missing', async () => {
  await mkdir(join(archive.folder, 'positions'));
  const all = (await readFile(join(archive.folder, 'ledger.jsonl'), 'utf8')).split('\n');
  const after = createHash('sha256').update(`${all[3]!}\n`).digest('hex');
  const position = { archive: 'an-archive', epoch: 0, entry: 5, after, byte: 0, part: null, records: 0 };
  await writeFile(join(archive.folder, 'positions', 'x.json'), JSON.stringify(position));
  const found = await wrongs(() => applyRetention(archive.log, { keepMs: 0, destinations: ['x'] }, Date.now()));
  expect(found).toEqual([]);
});
