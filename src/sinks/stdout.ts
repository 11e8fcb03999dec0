import type { Writable } from 'node:stream';
import { Mutex } from 'async-mutex';
import { createHash } from 'node:crypto';
import { toLine } from '../record';
import { type Batch, type Receipt, type Sink, SinkError } from './sink';

/**
 * One NDJSON line a record, to a stream that others read. At least once: what was read before a crash comes again, so
 * its reader de-duplicates on the record's `id`.
 */
export function createStdoutSink({ stream }: { stream: Writable }): Sink {
  // One batch at a time: the stream buffers no more than that.
  const turn = new Mutex();
  // Each write reports its own failure; without a listener the event would end the process.
  stream.on('error', () => undefined);

  function write(batch: Batch): Promise<Receipt> {
    const bytes = Buffer.from(batch.records.map(toLine).join(''));
    return turn.runExclusive(async () => {
      await accept(bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { name: 'stdout', records: batch.records.length, bytes: bytes.length, sha256 };
    });
  }

  function accept(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      stream.write(bytes, (error) => (error ? reject(closed(error)) : resolve()));
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
