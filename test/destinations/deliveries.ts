import { createHash } from 'node:crypto';
import type { Position } from '../../src/domain/delivery';
import type { Setting } from '../../src/destinations/definition';
import { DestinationError, type Delivery } from '../../src/destinations/destination';
import { EncodedRecord } from '../../src/destinations/encoded-record';

/** A text that no message of an error may hold. */
export const CANARY = 'canary-7c1e';
export const ARCHIVE = 'an-archive';

/** A place in the log of the test's archive. */
export const place = (entry: number, byte: number, more: Partial<Position> = {}): Position => ({
  ...{ archive: ARCHIVE, epoch: 0, entry, after: null, byte, part: null, records: 0 },
  ...more,
});

/** A record's line; `more` is JSON of further fields. */
export const line = (id: string, more = ''): string =>
  `{"id":"${id}","chat_id":"chat-1","role":"user","created_at":"2026-04-08T14:30:45.123456Z","content":[{"type":"text","text":"${CANARY}"}]${more && `,${more}`}}`;

export const lines = (count: number, prefix = 'm'): string[] =>
  Array.from({ length: count }, (_, i) => line(`${prefix}-${String(i).padStart(5, '0')}`));

export function delivery(at: Position, next: Position, texts: readonly string[]): Delivery {
  return {
    source: 'acme',
    ...{ at, next },
    window: { epoch: 0, from: '2026-04-08T00:00:00.000Z', to: '2026-04-09T00:00:00.000Z' },
    key: createHash('sha256')
      .update(JSON.stringify([at, next]))
      .digest('hex'),
    records: texts.map((text) => new EncodedRecord(Buffer.from(text))),
  };
}

export const never = new AbortController().signal;

export const settingOf = (name: string, prefix: string, secrets: Setting['secrets']): Setting => ({
  ...{ name, prefix, secrets },
  ...{ source: 'acme', build: '1.2.3', proxy: {} },
});

/** The error of a delivery that fails. It quotes nothing, and has no cause. */
export async function failure(work: Promise<unknown>): Promise<DestinationError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DestinationError)) throw new Error('expected a DestinationError', { cause: error });
  expect(error.cause).toBeUndefined();
  expect(error.message).not.toContain(CANARY);
  expect(error.code).toMatch(/^[\w-]{1,80}$/);
  return error;
}

/** Tries again what only waits. */
export async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DestinationError) || error.answer !== 'wait') throw error;
    }
  }
}
