import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readLedger, type LedgerLine } from '../ledger';

const recordSchema = z.looseObject({ id: z.string(), chat_id: z.string() });

interface FoundRecord {
  readonly id: string;
  readonly chatId: string;
}

/** A window of the ledger with what its parts hold. */
export interface FoundWindow {
  readonly line: LedgerLine;
  readonly records: readonly FoundRecord[];
}

/** Everything that a sink's folder holds. */
export interface SinkContents {
  readonly windows: readonly FoundWindow[];
  /** Parts whose size or SHA-256 is not the ledger's. */
  readonly damagedParts: number;
  /** Records in `messages` outside the ledger's parts. */
  readonly outside: number;
  /** The parts that hold them. */
  readonly outsideParts: readonly string[];
  /** Folders of closed windows in `.staging`. */
  readonly leftovers: number;
}

export async function readSink(folder: string): Promise<SinkContents> {
  const windows: FoundWindow[] = [];
  const named = new Set<string>();
  let damagedParts = 0;
  for (const line of await readLedger(folder)) {
    const parts = await Promise.all(line.parts.map(({ path }) => readPart(join(folder, path))));
    line.parts.forEach(({ path, bytes, sha256 }, index) => {
      named.add(path);
      if (parts[index]?.bytes !== bytes || parts[index].sha256 !== sha256) damagedParts += 1;
    });
    windows.push({ line, records: parts.flatMap(({ records }) => records) });
  }
  const there = (await readdir(join(folder, 'messages'), { recursive: true })).map((name) => `messages/${name}`);
  const outsideParts = there.filter((path) => path.endsWith('.ndjson') && !named.has(path));
  let outside = 0;
  for (const path of outsideParts) outside += (await readPart(join(folder, path))).records.length;
  const closed = new Set(windows.map(({ line }) => folderOf(line)));
  const staged = await readdir(join(folder, '.staging'));
  const leftovers = staged.filter((name) => closed.has(name)).length;
  return { windows, damagedParts, outside, outsideParts, leftovers };
}

/** The window's folder in `.staging`. */
function folderOf({ epoch, from, to }: LedgerLine): string {
  const stamp = (time: string): string => time.replace(/[-:]|\.\d+/g, '');
  return `${epoch}-${stamp(from)}-${stamp(to)}`;
}

async function readPart(path: string): Promise<{ bytes: number; sha256: string; records: FoundRecord[] }> {
  const content = await readFile(path).catch(() => Buffer.alloc(0));
  const lines = content.toString('utf8').split('\n').slice(0, -1);
  return {
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    records: lines.map((line) => {
      const { id, chat_id: chatId } = recordSchema.parse(JSON.parse(line));
      return { id, chatId };
    }),
  };
}
