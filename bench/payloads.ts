/** A payload of an event: input, result, memo, marker or failure details. */
export interface FoundPayload {
  bytes: number;
  inMemo: boolean;
}

/** Yields all payloads in a history, or in any part of one. */
export function* payloadsIn(value: unknown, inMemo = false): Generator<FoundPayload> {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  if ('metadata' in value && 'data' in value && value.data instanceof Uint8Array) {
    yield { bytes: value.data.length + bytesOf(value.metadata), inMemo };
    return;
  }
  for (const [name, field] of Object.entries(value)) {
    yield* payloadsIn(field, inMemo || name === 'memo' || name === 'upsertedMemo');
  }
}

function bytesOf(metadata: unknown): number {
  const entries: [string, unknown][] = Object.entries(metadata ?? {});
  return entries.reduce((sum, [key, value]) => sum + key.length + (value instanceof Uint8Array ? value.length : 0), 0);
}
