import type { Log } from '../archive/log';
import { positionFile } from './positions';

/** What `ARCHIVE_KEEP` says. */
export interface Retention {
  /** For how long a part is kept that every destination has, ms. */
  keepMs: number;
  /** Every destination of the source. */
  destinations: readonly string[];
}

/** Removes the parts that every destination has, and that are old enough. Without the position of each of them, none. */
export async function applyRetention(log: Log, { keepMs, destinations }: Retention, now: number): Promise<void> {
  const archive = await log.id();
  let before = Infinity;
  for (const destination of destinations) {
    const position = await positionFile(log, destination).read();
    before = Math.min(before, position?.archive === archive ? position.entry : 0);
  }
  if (before === 0 || before === Infinity) return;
  await log.remove(before, keepMs === 0 ? null : new Date(now - keepMs).toISOString());
}
