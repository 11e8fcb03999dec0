import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../archive/log';
import { openRefusedFile, type Refused } from '../delivery/refused-file';
import { errorCode } from '../text/error-code';
import { isTouched, type OpenSpan } from './span';

const ENDING = '.jsonl';

/** A record that a destination refuses; it is in the archive. */
export interface RefusedRecord extends Pick<Refused, 'id' | 'code' | 'at' | 'part'> {
  destination: string;
}

/** What destinations refuse of the windows of a span. @param folder FILE_DIR/<source> */
export async function refusedIn(folder: string, log: Log, span: OpenSpan): Promise<RefusedRecord[]> {
  const names = await readdir(join(folder, 'refused')).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  const found: RefusedRecord[] = [];
  // Builds before had a folder beside each file, in which it was made: the dot, and the file's name.
  for (const name of names.filter((name) => name.endsWith(ENDING) && !name.startsWith('.')).sort()) {
    const destination = name.slice(0, -ENDING.length);
    const { all } = await openRefusedFile(log, destination);
    const ofSpan = all.filter(({ window }) => isTouched(span, window));
    found.push(...ofSpan.map(({ id, code, at, part }) => ({ destination, id, code, at, part })));
  }
  return found;
}
