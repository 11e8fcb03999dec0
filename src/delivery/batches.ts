import type { PartEntry, Log } from '../archive/log';
import type { Limits } from '../destinations/definition';
import { EncodedRecord } from '../destinations/encoded-record';
import { shorten } from './shorten';

/** Records that are delivered together. */
export interface Batch {
  /** Where they begin and end in their part, in bytes. */
  from: number;
  to: number;
  records: BatchRecord[];
}

export interface BatchRecord {
  record: EncodedRecord;
  /** Where its line begins in the part. */
  at: number;
  /** Its line in the part, without the line end: longer than the record if that is shortened. */
  whole: Buffer;
}

/**
 * Cuts a part into batches, greedily from its start: whoever goes on from the end of one cuts the same ones as before. A
 * record that is longer than the destination takes is shortened; it counts by what is left of it.
 */
export async function* batchesOf(
  log: Log,
  part: PartEntry,
  from: number,
  limits: Limits,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  let batch: Batch = { from, to: from, records: [] };
  let bytes = 0;
  for await (const lines of log.lines(part, from, signal)) {
    for (const bytesOfLine of lines) {
      const entry = recordAt(bytesOfLine.subarray(0, -1), part.path, batch.to, limits);
      const { length } = entry.record.line;
      if (
        batch.records.length > 0 &&
        (bytes + length > limits.batchBytes || batch.records.length >= limits.batchRecords)
      ) {
        yield batch;
        batch = { from: batch.to, to: batch.to, records: [] };
        bytes = 0;
      }
      batch.records.push(entry);
      batch.to += bytesOfLine.length;
      bytes += length + 1;
    }
  }
  if (batch.records.length > 0) yield batch;
}

/** Whether the destination gets less than the archive has. */
export const isShortened = ({ record, whole }: BatchRecord): boolean => record.line !== whole;

/** A record as a destination with these limits takes it. @param line Without its line end. */
export function recordAt(line: Buffer, path: string, at: number, { recordBytes }: Limits): BatchRecord {
  if (line.length <= recordBytes) return { record: new EncodedRecord(line), at, whole: line };
  return { record: new EncodedRecord(shorten(line, path, at, recordBytes)), at, whole: line };
}
