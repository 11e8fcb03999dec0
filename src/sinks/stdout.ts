import type { Writable } from 'node:stream';
import { Mutex } from 'async-mutex';
import { writeLines } from './lines';
import type { Receipt } from '../domain/published';
import { type Batch, type Sink, SinkError } from './sink';

/**
 * One NDJSON line a record, to a stream that others read. At least once: what was read before a crash comes again, so
 * its reader de-duplicates on the record's `id`.
 */
export function createStdoutSink({ stream }: { stream: Writable }): Sink {
  // One batch at a time: their lines do not mix, and the stream buffers no more than a piece.
  const turn = new Mutex();
  // Each write reports its own failure; without a listener the event would end the process.
  stream.on('error', () => undefined);

  function write({ records }: Batch): Promise<Receipt> {
    return turn.runExclusive(async () => ({ name: 'stdout', ...(await writeLines(records, accept)) }));
  }

  function accept(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      // A copy: a stream may hold on to what it was given.
      stream.write(Buffer.from(bytes), (error) => (error ? reject(closed(error)) : resolve()));
    });
  }

  async function check(): Promise<void> {
    if (!stream.writable) throw closed(stream.errored);
  }

  return { name: 'stdout', write, check };
}

function closed(error: Error | null): SinkError {
  const code = error !== null && 'code' in error && typeof error.code === 'string' ? error.code : 'CLOSED';
  return new SinkError(code, `Cannot write to standard output (${code}): start the worker again with its reader.`, {
    ...(error && { cause: error }),
  });
}
