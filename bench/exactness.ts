import { z } from 'zod';
import { verifyArchive } from '../src/archive/verify/verify';
import { readRecords } from '../src/archive/read/parts';

const recordSchema = z.object({ id: z.string() });

/** Differences between the archive's ids and the tenant's. */
export interface Exactness {
  lost: number;
  doubled: number;
  /** Ids in the archive that the tenant does not have. */
  foreign: number;
}

/** What `verify --archive` finds wrong. @param folder FILE_DIR/<source> */
export async function wrongIn(folder: string): Promise<string[]> {
  const wrong: string[] = [];
  await verifyArchive(folder, null, ({ grade, where, says }) => {
    if (grade === 'wrong') wrong.push(`${where} ${says}`);
  });
  return wrong;
}

/** Ids of all records in an archive, and their size. */
export interface Emitted {
  bytes: number;
  ids: string[];
}

/** Reads all parts of an archive. @param folder FILE_DIR/<source> */
export async function emittedTo(folder: string): Promise<Emitted> {
  const emitted: Emitted = { bytes: 0, ids: [] };
  for await (const json of readRecords(folder)) {
    emitted.bytes += Buffer.byteLength(json) + 1;
    emitted.ids.push(recordSchema.parse(JSON.parse(json)).id);
  }
  return emitted;
}

/** Compares emitted ids, which may repeat, with expected ids, which are unique. */
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
