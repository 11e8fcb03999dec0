import { readFile } from 'node:fs/promises';
import type { PlainSpec } from './spec';

const NEWLINE = 0x0a;

/** The lines of files in batches, cut where the product cuts them. */
export async function* batchesOf({ parts, limits }: PlainSpec): AsyncGenerator<Buffer[]> {
  const { batchBytes, batchRecords } = limits ?? { batchBytes: Infinity, batchRecords: Infinity };
  for (const part of parts) {
    let batch: Buffer[] = [];
    let bytes = 0;
    for (const line of linesOf(await readFile(part))) {
      if (batch.length > 0 && (bytes + line.length > batchBytes || batch.length >= batchRecords)) {
        yield batch;
        batch = [];
        bytes = 0;
      }
      batch.push(line);
      bytes += line.length + 1;
    }
    yield batch;
  }
}

function* linesOf(content: Buffer): Generator<Buffer> {
  let start = 0;
  for (let end = content.indexOf(NEWLINE); end !== -1; end = content.indexOf(NEWLINE, start)) {
    yield content.subarray(start, end);
    start = end + 1;
  }
}
