import type { Handle } from './file-system';
import { type LedgerLine, parseLine } from './ledger-line';

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
/** No line of ours is longer; another kind of file may be one line of any size. */
const LONGEST_LINE_BYTES = 64 * 1024 * 1024;

/** A line that is none that we wrote, and not the beginning of one either. */
export class BrokenLine extends Error {
  override name = 'BrokenLine';
  /** @param at Where the line begins, in bytes, or any place in it. */
  constructor(readonly at: number) {
    super(`no ledger line at byte ${at}`);
  }
}

/** The ledger's lines, the last one first; null for a last line that was cut short. @throws BrokenLine */
export async function* linesFromEnd(handle: Handle): AsyncGenerator<{ line: LedgerLine | null; end: number }> {
  let { size: end } = await handle.stat();
  let start = end;
  let bytes = Buffer.alloc(0);
  for (let isLast = true; end > 0;) {
    const before = bytes.subarray(0, -1).lastIndexOf(NEWLINE);
    if (before === -1 && start > 0) {
      if (bytes.length > LONGEST_LINE_BYTES) throw new BrokenLine(start);
      // As much again, so that a long line is not copied once for each chunk.
      const chunk = await readAt(handle, Math.max(0, start - Math.max(CHUNK_BYTES, bytes.length)), start);
      start -= chunk.length;
      bytes = Buffer.concat([chunk, bytes]);
      continue;
    }
    yield { line: lineOf(bytes.subarray(before + 1), start + before + 1, isLast), end };
    isLast = false;
    end = start + before + 1;
    bytes = bytes.subarray(0, before + 1);
  }
}

/**
 * Looks at every line behind `start`. @returns where the last whole one ends.
 * @throws BrokenLine
 */
export async function verifyLines(handle: Handle, start: number): Promise<number> {
  const { size } = await handle.stat();
  let begin = start;
  let rest = Buffer.alloc(0);
  for (let read = start; read < size;) {
    const chunk = await readAt(handle, read, Math.min(size, read + Math.max(CHUNK_BYTES, rest.length)));
    read += chunk.length;
    rest = Buffer.concat([rest, chunk]);
    for (let newline = rest.indexOf(NEWLINE); newline !== -1; newline = rest.indexOf(NEWLINE)) {
      const next = begin + newline + 1;
      if (lineOf(rest.subarray(0, newline + 1), begin, next === size) === null) return begin;
      begin = next;
      rest = rest.subarray(newline + 1);
    }
    if (rest.length > LONGEST_LINE_BYTES) throw new BrokenLine(begin);
  }
  if (rest.length > 0) lineOf(rest, begin, true);
  return begin;
}

/** The number of the line that holds this byte, from 1. */
export async function lineNumberAt(handle: Handle, at: number): Promise<number> {
  let number = 1;
  for (let read = 0; read < at;) {
    const chunk = await readAt(handle, read, Math.min(at, read + CHUNK_BYTES));
    read += chunk.length;
    for (const byte of chunk) if (byte === NEWLINE) number += 1;
  }
  return number;
}

function lineOf(bytes: Buffer, at: number, mayBeTorn: boolean): LedgerLine | null {
  const line = parseLine(bytes);
  if (line === 'garbage' || (line === null && !mayBeTorn)) throw new BrokenLine(at);
  return line;
}

async function readAt(handle: Handle, start: number, end: number): Promise<Buffer> {
  const chunk = Buffer.alloc(end - start);
  for (let done = 0; done < chunk.length;) {
    const { bytesRead } = await handle.read(chunk, done, chunk.length - done, start + done);
    if (bytesRead === 0) throw new BrokenLine(start + done);
    done += bytesRead;
  }
  return chunk;
}
