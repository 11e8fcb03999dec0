import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { z } from 'zod';

const partsSchema = z.array(z.strictObject({ path: z.string(), bytes: z.number(), sha256: z.string() }));
const lineSchema = z.strictObject({
  epoch: z.number(),
  from: z.string(),
  to: z.string(),
  outcome: z.string(),
  chats: z.number(),
  records: z.number(),
  parts: partsSchema,
  requestId: z.string().nullable(),
  healed: z
    .array(z.strictObject({ chatId: z.string(), from: z.string(), to: z.string(), records: z.number() }))
    .optional(),
  rewound: z.literal(true).optional(),
  gone: z.array(z.string()).optional(),
  conflicts: z.array(z.strictObject({ chatId: z.string(), records: z.number() })).optional(),
  unreadableLists: z.number().optional(),
});
const recordSchema = z.looseObject({ id: z.string() });

const folders: string[] = [];

/** A new folder of its own, removed by {@link removeFolders}. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'file-sink-'));
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
  const all: string[] = [];
  for (const path of await filesBelow(join(folder, 'messages'))) {
    expect(basename(path)).toMatch(/^\d{8}T\d{6}Z-\d{6}\.ndjson$/);
    const lines = (await readFile(path, 'utf8')).split('\n');
    expect(lines.pop()).toBe('');
    all.push(...lines);
  }
  return all;
}

export async function visibleIds(folder: string): Promise<string[]> {
  return (await visibleLines(folder)).map((line) => recordSchema.parse(JSON.parse(line)).id);
}

/** The whole lines of the ledger, each checked against the files that it names. */
export async function ledgerLines(folder: string): Promise<z.infer<typeof lineSchema>[]> {
  const text = await readFile(join(folder, 'ledger.jsonl'), 'utf8').catch(() => '');
  const lines = text.split('\n').slice(0, -1);
  return Promise.all(
    lines.map(async (text) => {
      const line = lineSchema.parse(JSON.parse(text));
      let records = 0;
      for (const { path, bytes, sha256 } of line.parts) {
        const part = await readFile(join(folder, path));
        expect([part.length, createHash('sha256').update(part).digest('hex')]).toEqual([bytes, sha256]);
        records += part.toString().split('\n').length - 1;
      }
      if (line.unreadableLists === undefined) expect(records).toBe(line.records);
      return line;
    }),
  );
}
