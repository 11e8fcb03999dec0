import { z } from 'zod';
import { readRecords } from '../src/archive/parts';

const recordSchema = z.object({ id: z.string() });

export interface Exactness {
  lost: number;
  doubled: number;
  /** In the sink, and not in the tenant. */
  foreign: number;
}

export interface Emitted {
  bytes: number;
  ids: string[];
}

/** What the parts of an archive hold. @param folder FILE_DIR/<source> */
export async function emittedTo(folder: string): Promise<Emitted> {
  const emitted: Emitted = { bytes: 0, ids: [] };
  for await (const json of readRecords(folder)) {
    emitted.bytes += Buffer.byteLength(json) + 1;
    emitted.ids.push(recordSchema.parse(JSON.parse(json)).id);
  }
  return emitted;
}

export function compare(emitted: readonly string[], expected: readonly string[]): Exactness {
  const wanted = new Set(expected);
  const found = new Set(emitted);
  return {
    lost: expected.filter((id) => !found.has(id)).length,
    doubled: emitted.length - found.size,
    foreign: [...found].filter((id) => !wanted.has(id)).length,
  };
}

export const isExact = ({ lost, doubled, foreign }: Exactness): boolean => lost + doubled + foreign === 0;
