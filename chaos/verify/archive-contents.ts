import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Damage } from '../../src/archive/read/damage';
import { readLedger, type LedgerLine } from '../../src/archive/read/ledger';
import { partsIn, readPart, type Part } from '../../src/archive/read/parts';
import { windowFolder } from '../../src/archive/folder/layout';

const recordSchema = z.object({ id: z.string(), chat_id: z.string() });

interface FoundRecord {
  readonly id: string;
  readonly chatId: string;
}

/** A line of the ledger with the records of its parts. */
export interface FoundWindow {
  readonly line: LedgerLine;
  readonly records: readonly FoundRecord[];
}

export interface ArchiveContents {
  readonly windows: readonly FoundWindow[];
  /** Parts whose size or SHA-256 differs from the ledger. */
  readonly damagedParts: number;
  /** The number of records in parts that the ledger does not name. */
  readonly outside: number;
  /** Paths of the parts that the ledger does not name. */
  readonly outsideParts: readonly string[];
  /** The number of closed windows' folders in `.staging`. */
  readonly leftovers: number;
}

/** Reads the archive's folder, FILE_DIR/<source>. */
export async function readArchive(folder: string): Promise<ArchiveContents> {
  const windows: FoundWindow[] = [];
  let damagedParts = 0;

  async function recordsOf(parts: readonly Part[]): Promise<FoundRecord[]> {
    const records: FoundRecord[] = [];
    for (const part of parts) {
      try {
        for await (const json of readPart(folder, part)) {
          const { id, chat_id: chatId } = recordSchema.parse(JSON.parse(json));
          records.push({ id, chatId });
        }
      } catch (error) {
        if (!(error instanceof Damage)) throw error;
        damagedParts += 1;
      }
    }
    return records;
  }

  for await (const line of readLedger(folder)) windows.push({ line, records: await recordsOf(line.parts) });
  const named = new Set(windows.flatMap(({ line }) => line.parts.map(({ path }) => path)));
  const outsideParts = (await partsIn(folder)).filter((path) => !named.has(path));
  const outside = (await recordsOf(outsideParts.map((path) => ({ path })))).length;
  const closed = new Set(windows.map(({ line }) => windowFolder(line)));
  const staged = await readdir(join(folder, '.staging'));
  const leftovers = staged.filter((name) => closed.has(name)).length;
  return { windows, damagedParts, outside, outsideParts, leftovers };
}
