import { createHash } from 'node:crypto';
import { appendFile, cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { partsIn } from '../../src/archive/read/parts';

/** Something that is done to an archive on purpose. */
export interface Damage {
  name: string;
  /** @param folder FILE_DIR/<source> of a copy. @param other That of another archive. */
  inflict: (folder: string, other: string) => Promise<void>;
}

const LEDGER = 'ledger.jsonl';
const linesOf = async (folder: string): Promise<string[]> =>
  (await readFile(join(folder, LEDGER), 'utf8')).trimEnd().split('\n');
const write = (folder: string, lines: readonly string[]): Promise<void> =>
  writeFile(join(folder, LEDGER), lines.map((line) => `${line}\n`).join(''));
const middleOf = (lines: readonly string[]): number => Math.floor(lines.length / 2);

/** Changes a line's counts, and each hash behind it, so that the chain fits again. */
function rewritten(lines: readonly string[]): string[] {
  const changed: string[] = [];
  for (const [i, line] of lines.entries()) {
    const before = changed.at(-1);
    const facts = JSON.parse(line) as { records?: number; prev?: string };
    if (i === middleOf(lines)) facts.records = (facts.records ?? 0) + 1;
    if (i > middleOf(lines)) facts.prev = createHash('sha256').update(`${before}\n`).digest('hex');
    changed.push(i < middleOf(lines) ? line : JSON.stringify(facts));
  }
  return changed;
}

async function somePart(folder: string): Promise<string> {
  const parts = await partsIn(folder);
  return join(folder, parts[middleOf(parts)] ?? '');
}

export const DAMAGES: readonly Damage[] = [
  {
    name: 'a byte of a part changed',
    async inflict(folder) {
      const path = await somePart(folder);
      const bytes = await readFile(path);
      const at = Math.floor(bytes.length / 2);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      await writeFile(path, bytes);
    },
  },
  { name: 'a part gone', inflict: async (folder) => rm(await somePart(folder)) },
  {
    name: 'an entry gone',
    async inflict(folder) {
      const lines = await linesOf(folder);
      await write(folder, lines.toSpliced(middleOf(lines), 1));
    },
  },
  {
    name: 'an entry rewritten, with every hash behind it made to fit',
    inflict: async (folder) => write(folder, rewritten(await linesOf(folder))),
  },
  { name: 'the tail cut off', inflict: async (folder) => write(folder, (await linesOf(folder)).slice(0, -1)) },
  {
    name: 'a line doubled',
    async inflict(folder) {
      const lines = await linesOf(folder);
      const at = middleOf(lines);
      await write(folder, lines.toSpliced(at, 0, lines[at] ?? ''));
    },
  },
  {
    name: 'two archives mixed',
    async inflict(folder, other) {
      const [lines, others] = [await linesOf(folder), await linesOf(other)];
      await write(folder, [...lines.slice(0, middleOf(lines)), ...others.slice(middleOf(lines))]);
    },
  },
  { name: 'a part cut short', inflict: async (folder) => truncate(await somePart(folder), 10) },
  {
    name: 'a record put in by hand',
    async inflict(folder) {
      const path = await somePart(folder);
      const [line] = (await readFile(path, 'utf8')).split('\n');
      await appendFile(path, `${(line ?? '').replace(/^{"id":"/, '{"id":"another-')}\n`);
    },
  },
];

/** Works with a copy of an archive that was damaged. @param other An archive of other messages. */
export async function withDamage<T>(
  { inflict }: Damage,
  archiveFolder: string,
  other: string,
  look: (fileDir: string) => Promise<T>,
): Promise<T> {
  const fileDir = await mkdtemp(join(dirname(archiveFolder), 'damaged-'));
  try {
    const copy = join(fileDir, archiveFolder.slice(dirname(archiveFolder).length + 1));
    await cp(archiveFolder, copy, { recursive: true });
    await inflict(copy, other);
    return await look(fileDir);
  } finally {
    await rm(fileDir, { recursive: true, force: true });
  }
}
