import { createHash } from 'node:crypto';
import type { Log } from '../archive/log';
import type { Limits } from '../destinations/definition';
import { DestinationError, type RecordDestination } from '../destinations/destination';
import type { Position } from '../domain/delivery';
import { isShortened, recordAt, type BatchRecord } from './batches';
import { shorterThan } from './shorter';
import { openRefusedFile, type Refused } from './refused-file';
import { openShortenedFile } from './shortened-file';

/** In a row. */
const MOST_FAILURES = 3;

export interface DeliverRefusedOptions {
  source: string;
  name: string;
  log: Log;
  destination: RecordDestination;
  limits: Limits;
  /** Where the destination is: it does not move. */
  position: Position;
  signal: AbortSignal;
}

/**
 * Delivers the records that the destination refused, one by one. Those that it refuses again stay in the file.
 * @throws DestinationError, ArchiveError; what was taken until then is out of the file.
 */
export async function deliverRefused(options: DeliverRefusedOptions): Promise<{ delivered: number; refused: number }> {
  const { source, name, log, destination, limits, position, signal } = options;
  const file = await openRefusedFile(log, name);
  const shortened = openShortenedFile(log, name);
  let delivered = 0;
  /** Records in a row that failed for now, and those of the pass. */
  const failures = { inARow: 0, inPass: 0 };
  // What fails now and then gets another turn, as long as others get through.
  for (let before = -1; before < delivered && (before === -1 || failures.inPass > 0);) {
    before = delivered;
    failures.inPass = 0;
    for (const part of new Set(file.all.map((one) => one.part))) delivered += await deliverPart(part);
  }
  return { delivered, refused: file.count };

  async function deliverPart(part: string): Promise<number> {
    const those = file.all.filter((one) => one.part === part);
    const first = Math.min(...those.map(({ entry }) => entry));
    const places = those.map(({ byte }) => byte);
    const lines = await log.linesAt(first, part, places);
    const taken: number[] = [];
    try {
      for (const [i, one] of those.entries()) {
        const line = lines[i];
        if (!line || !(await isTaken(one, recordAt(line.subarray(0, -1), part, one.byte, limits)))) continue;
        taken.push(one.byte);
      }
    } finally {
      await file.settle(part, taken);
    }
    return taken.length;
  }

  async function isTaken(refused: Refused, one: BatchRecord): Promise<boolean> {
    // Another key than at first: whoever keeps keys may keep the refusal with it.
    const name = [source, refused.part, refused.byte, one.record.line.length, new Date().toISOString()];
    const key = createHash('sha256').update(JSON.stringify(name)).digest('hex');
    const delivery = { source, at: position, next: position, window: refused.window, key, records: [one.record] };
    if (isShortened(one)) await shortened.add(refused.entry, refused.part);
    try {
      const { refused: again } = await destination.deliver(delivery, signal);
      failures.inARow = 0;
      return again.length === 0;
    } catch (error) {
      if (!(error instanceof DestinationError)) throw error;
      if (error.answer === 'wait') {
        // One that fails for itself waits for another turn; a destination that is down is tried again.
        failures.inPass += 1;
        if ((failures.inARow += 1) >= MOST_FAILURES) throw error;
        return false;
      }
      failures.inARow = 0;
      const shorter = shorterThan(one, refused.part, limits, error);
      return shorter === null ? false : isTaken(refused, shorter);
    }
  }
}
