import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Archive } from '../archive/archive';
import type { Log } from '../archive/log';
import { type Diagnosis, failedBy, ok, warn } from './diagnosis';

const WEEK_MS = 7 * 86_400_000;
const LEAST_WEEKS = 4;
const GIGABYTE = 1e9;

/** Looks whether the archive's place does what is needed of it, is what was written, and has room for weeks. @param folder FILE_DIR */
export async function diagnoseArchive(archive: Archive, log: Log, folder: string): Promise<Diagnosis[]> {
  try {
    await archive.check();
  } catch (error) {
    return [failedBy('archive', error)];
  }
  const found = [ok('archive', `${folder} can be written: hard links, modes and fsync work there`)];
  try {
    const missing = await archive.missing();
    found.push(
      missing === null
        ? ok('ledger', 'is a chain, and what its last window wrote is there')
        : {
            check: 'ledger',
            grade: 'fail',
            says: `${missing} is missing, or of another size`,
            remedy: 'bring it back from a copy',
          },
    );
    found.push(await roomOf(log, folder));
  } catch (error) {
    found.push(failedBy('ledger', error));
  }
  return found;
}

async function roomOf(log: Log, folder: string): Promise<Diagnosis> {
  const since = Date.now() - WEEK_MS;
  let bytes = 0;
  for await (const { at, parts } of log.entries(1)) {
    if (at !== null && Date.parse(at) >= since) bytes += parts.reduce((sum, part) => sum + part.bytes, 0);
  }
  const { bavail, bsize } = await nearest(folder);
  const free = Number(bavail) * Number(bsize);
  const says = `${(free / GIGABYTE).toFixed(1)} GB are free; the last week took ${(bytes / GIGABYTE).toFixed(2)} GB`;
  return free >= bytes * LEAST_WEEKS
    ? ok('space', says)
    : warn('space', `${says}: less than ${LEAST_WEEKS} weeks are left`, 'make room, or set ARCHIVE_KEEP');
}

async function nearest(folder: string): ReturnType<typeof statfs> {
  return statfs(folder).catch((error: unknown) => {
    if (dirname(folder) === folder) throw error;
    return nearest(dirname(folder));
  });
}
