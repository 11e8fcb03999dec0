import type { Limits } from '../destinations/definition';
import type { DestinationError } from '../destinations/destination';
import { recordAt, type BatchRecord } from './batches';

/** With less a record has no text at all. */
const SHORTEST_BYTES = 1000;

/** A record with half of what was too large for a destination; null if that was not it, or nothing can be left out any more. */
export function shorterThan(
  { record, whole, at }: BatchRecord,
  path: string,
  limits: Limits,
  { answer }: DestinationError,
): BatchRecord | null {
  const recordBytes = Math.floor(record.line.length / 2);
  if (answer !== 'too-large' || recordBytes <= SHORTEST_BYTES) return null;
  return recordAt(whole, path, at, { ...limits, recordBytes });
}
