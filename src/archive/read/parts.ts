import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../folder/errors';
import { MESSAGES } from '../folder/layout';
import { Damage } from './damage';
import type { LedgerLine } from './ledger';
import { linesIn, NEWLINE } from './lines';

/** As the ledger names it; with its path alone, a part is read unchecked. */
export type Part = Pick<Named, 'path'> & Partial<Named>;
type Named = LedgerLine['parts'][number];

/** The paths of all parts that are there, in order, whether the ledger names them or not. */
export async function partsIn(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, MESSAGES), { recursive: true }).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  const parts = names.filter((name) => name.endsWith('.ndjson')).sort();
  return parts.map((name) => `${MESSAGES}/${name}`);
}

/**
 * The records of a part, each as its JSON. What is damaged is known at the end only: until then the records are what they are.
 * @param folder FILE_DIR/<source> @throws Damage
 */
export async function* readPart(folder: string, { path, bytes, sha256 }: Part): AsyncGenerator<string> {
  const hash = createHash('sha256');
  let size = 0;
  async function* content(): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(join(folder, path)) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  }
  try {
    for await (const line of linesIn(content())) {
      if (line.at(-1) !== NEWLINE) throw new Damage(path, 'ends within a record');
      yield line.toString('utf8', 0, line.length - 1);
    }
  } catch (error) {
    throw hasCode(error, 'ENOENT') ? new Damage(path, 'is not there') : error;
  }
  if (bytes !== undefined && size !== bytes) throw new Damage(path, `has ${size} bytes, not ${bytes}`);
  if (sha256 !== undefined && hash.digest('hex') !== sha256) throw new Damage(path, 'holds something else');
}

/** Every record that is there, part by part, unchecked. @param folder FILE_DIR/<source> */
export async function* readRecords(folder: string): AsyncGenerator<string> {
  for (const path of await partsIn(folder)) yield* readPart(folder, { path });
}
