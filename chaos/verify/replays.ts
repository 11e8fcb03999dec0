import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stage } from '../stage';

/** Stands in what the SDK says when workflows, replayed, do something else than their history tells. */
const NONDETERMINISM = 'TMPRL1100';
const ENOUGH = 300;

/** Replays that failed, in the workers' words: of those that are tried again and again histories hold the first at most. */
export async function failedReplays({ logFolder }: Stage): Promise<string[]> {
  const logs = (await readdir(logFolder)).filter((name) => name.startsWith('worker'));
  const found = await Promise.all(
    logs.map(async (name) => {
      const lines = (await readFile(join(logFolder, name), 'utf8')).split('\n');
      return lines.filter((line) => line.includes(NONDETERMINISM)).map((line) => `${name}: ${line.slice(0, ENOUGH)}`);
    }),
  );
  return found.flat();
}
