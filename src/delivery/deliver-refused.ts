import type { Log } from '../archive/log';
import type { Limits } from '../destinations/definition';
import { DestinationError, type RecordDestination } from '../destinations/destination';
import type { Position } from '../domain/delivery';
import { createHash } from 'node:crypto';
import { recordAt } from './batches';
import { createRefusedFile, type Refused } from './refused-file';

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

/** Delivers the records that the destination refused, one by one. Those that it refuses again stay in the file. @throws DestinationError */
export async function deliverRefused(options: DeliverRefusedOptions): Promise<{ delivered: number; refused: number }> {
  const { source, name, log, destination, limits, position, signal } = options;
  const file = createRefusedFile(log, name);
  const all = await file.read();
  const left: Refused[] = [];
  for (const one of all) {
    const line = await log.line(one.part, one.byte);
    const code = line === null ? 'not-in-the-archive' : await deliverOne(one, line);
    if (code !== null) left.push({ ...one, code, at: new Date().toISOString() });
  }
  if (all.length > 0) await file.replace(left);
  return { delivered: all.length - left.length, refused: left.length };

  /** @returns why it is refused; null if it is not. */
  async function deliverOne({ part, byte, window }: Refused, line: Buffer): Promise<string | null> {
    const { record } = recordAt(line.subarray(0, -1), part, byte, limits);
    // Another key than at first: whoever keeps keys may keep the refusal with it.
    const key = createHash('sha256')
      .update(JSON.stringify([source, part, byte, new Date().toISOString()]))
      .digest('hex');
    try {
      const delivery = { source, at: position, next: position, window, key, records: [record] };
      const { refused } = await destination.deliver(delivery, signal);
      return refused[0]?.code ?? null;
    } catch (error) {
      if (!(error instanceof DestinationError) || error.answer === 'wait') throw error;
      return error.code;
    }
  }
}
