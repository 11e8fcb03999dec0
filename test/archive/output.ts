import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { collect } from '../../harness/collect';
import { readLedger, type LedgerLine } from '../../src/archive/read/ledger';
import { readPart, readRecords } from '../../src/archive/read/parts';

const recordSchema = z.object({ id: z.string() });

const folders: string[] = [];

/** A new folder of its own, removed by {@link removeFolders}. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'archive-'));
  folders.push(folder);
  return folder;
}

export async function removeFolders(): Promise<void> {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
}

/** The paths of all files below a folder, sorted. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The lines that a reader of `messages` finds, part by part. Throws if one is not whole. */
export async function visibleLines(folder: string): Promise<string[]> {
  for (const path of await filesBelow(join(folder, 'messages'))) {
    expect(basename(path)).toMatch(/^\d{8}T\d{6}Z-\d{6}\.ndjson$/);
  }
  return collect(readRecords(folder));
}

export async function visibleIds(folder: string): Promise<string[]> {
  return (await visibleLines(folder)).map((line) => recordSchema.parse(JSON.parse(line)).id);
}

/** The whole lines of the ledger, which hold what a reader knows and nothing else, each checked against the parts it names. */
export async function ledgerLines(folder: string): Promise<LedgerLine[]> {
  const lines = await collect(readLedger(folder));
  const text = await readFile(join(folder, 'ledger.jsonl'), 'utf8').catch(() => '');
  const whole = text.split('\n').slice(0, -1);
  expect(lines).toEqual(whole.map((line): unknown => JSON.parse(line)));
  for (const line of lines) {
    let records = 0;
    for (const part of line.parts) records += (await collect(readPart(folder, part))).length;
    if (line.unreadableLists === undefined) expect(records).toBe(line.records);
  }
  return lines;
}
