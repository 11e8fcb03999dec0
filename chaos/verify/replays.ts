import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../environment';

/** The SDK's code for a nondeterminism error. */
const NONDETERMINISM = 'TMPRL1100';
const ENOUGH = 300;

/** Nondeterminism errors in the workers' logs. Histories hold at most the first failure of a retried workflow task. */
export async function failedReplays({ logFolder }: Environment): Promise<string[]> {
  const logs = (await readdir(logFolder)).filter((name) => name.startsWith('worker'));
  const found = await Promise.all(
    logs.map(async (name) => {
      const lines = (await readFile(join(logFolder, name), 'utf8')).split('\n');
      return lines.filter((line) => line.includes(NONDETERMINISM)).map((line) => `${name}: ${line.slice(0, ENOUGH)}`);
    }),
  );
  return found.flat();
}
