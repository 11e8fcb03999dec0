import type { Log } from '../archive/log';
import { isReached, positionFile } from './positions';
import { openRefusedFile } from './refused-file';
import { openShortenedFile } from './shortened-file';

/** What `ARCHIVE_KEEP` says. */
export interface Retention {
  /** For how long a part is kept that every destination has, ms. */
  keepMs: number;
  /** Every destination of the source. */
  destinations: readonly string[];
}

/**
 * Removes the parts that every destination has, and that are old enough; without the position of each of them, none. Parts stay of which one refuses a
 * record, or has it shortened only.
 */
export async function applyRetention(log: Log, { keepMs, destinations }: Retention, now: number): Promise<void> {
  const keep = new Set<string>();
  let before = Infinity;
  for (const destination of destinations) {
    const position = await positionFile(log, destination).read();
    before = Math.min(before, position && (await isReached(log, position)) ? position.entry : 0);
    for (const { part } of (await openRefusedFile(log, destination)).all) keep.add(part);
    for (const part of await openShortenedFile(log, destination).parts()) keep.add(part);
  }
  if (before === 0 || before === Infinity) return;
  await log.remove(before, keepMs === 0 ? null : new Date(now - keepMs).toISOString(), keep);
}
