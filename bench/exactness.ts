import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';

const recordSchema = z.looseObject({ id: z.string() });

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

/** What the file sink's parts hold. */
export async function readParts(folder: string): Promise<Emitted> {
  const names = await readdir(folder, { recursive: true });
  const emitted: Emitted = { bytes: 0, ids: [] };
  for (const name of names.filter((path) => path.endsWith('.ndjson'))) {
    const path = join(folder, name);
    emitted.bytes += (await stat(path)).size;
    for await (const line of createInterface({ input: createReadStream(path) })) {
      emitted.ids.push(recordSchema.parse(JSON.parse(line)).id);
    }
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
