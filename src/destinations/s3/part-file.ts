import { createHash } from 'node:crypto';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { errorCode } from '../../text/error-code';
import { DestinationError, type PartDelivery } from '../destination';
import type { S3Settings } from './definition';
import { parquetOf } from './parquet';

const NEWLINE = 0x0a;

/** A part in the form in which it is sent. */
export interface PartFile {
  bytes: number;
  sha256: Buffer;
  records: number;
  read: () => Readable;
  close(): Promise<void>;
}

/**
 * Writes a part to a temporary file: its size and hash are sent before its bytes, and it may be larger than memory. The file
 * has no name any more when this resolves, so that a crash leaves nothing of it.
 * @throws DestinationError; what the part's content throws; the signal's reason
 */
export async function writePart(
  part: PartDelivery,
  format: S3Settings['FORMAT'],
  signal: AbortSignal,
): Promise<PartFile> {
  const file = await unnamedFile();
  try {
    const sent = createHash('sha256');
    const plain = createHash('sha256');
    const counts = { bytes: 0, records: 0 };
    const content = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of part.content()) {
        plain.update(chunk);
        for (let i = chunk.indexOf(NEWLINE); i !== -1; i = chunk.indexOf(NEWLINE, i + 1)) counts.records += 1;
        yield chunk;
      }
    };
    const write = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
      for await (const chunk of chunks) {
        sent.update(chunk);
        counts.bytes += chunk.length;
        await file.appendFile(chunk).catch(noTemporaryFile);
      }
    };
    if (format === 'ndjson.gz') await pipeline(content, createGzip(), write, { signal });
    else await pipeline(format === 'parquet' ? parquetOf(content()) : content, write, { signal });
    if (plain.digest('hex') !== part.sha256) {
      throw new DestinationError('part-changed', `${part.path} was changed while it was read: it is read again`);
    }
    return {
      ...counts,
      sha256: sent.digest(),
      read: () => file.createReadStream({ start: 0, autoClose: false }),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    signal.throwIfAborted();
    throw error;
  }
}

async function unnamedFile(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'chat-sync-part-')).catch(noTemporaryFile);
  try {
    return await open(join(folder, 'part'), 'wx+', 0o600).catch(noTemporaryFile);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function noTemporaryFile(error: unknown): never {
  throw new DestinationError(
    errorCode(error) ?? 'unknown',
    'a part cannot be written to the folder for temporary files: is there room, or should TMPDIR name another?',
  );
}
