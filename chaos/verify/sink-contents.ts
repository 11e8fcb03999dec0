import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Damage } from '../../src/archive/damage';
import { readLedger, type LedgerLine } from '../../src/archive/ledger';
import { partsIn, readPart, type Part } from '../../src/archive/parts';
import { windowFolder } from '../../src/sinks/file/layout';

const recordSchema = z.object({ id: z.string(), chat_id: z.string() });

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
