import { createHash } from 'node:crypto';
import type { Handle } from './file-system';
import { type AnyLine, NO_LINE, parseLine } from './ledger-line';

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
/** No line of ours is longer; another kind of file may be one line of any size. */
const LONGEST_LINE_BYTES = 64 * 1024 * 1024;

/** A line that is none that we wrote, and not the beginning of one either. */
export class BrokenLine extends Error {
  override name = 'BrokenLine';
  /** @param at Where the line begins, in bytes, or any place in it. */
  constructor(
    readonly at: number,
    /** It is a line, and not the one that followed the line before it when that was written. */
    readonly isChain = false,
  ) {
    super(`no ledger line at byte ${at}`);
  }
}

/** A line as it was found. */
interface Found {
  /** Null for a last line that was cut short. */
  line: AnyLine | null;
  bytes: Buffer;
  /** Where it ends. */
  end: number;
}

/** The ledger's lines, the last one first. @throws BrokenLine */
export async function* linesFromEnd(handle: Handle): AsyncGenerator<Found> {
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
    const own = bytes.subarray(before + 1);
    yield { line: lineOf(own, start + before + 1, isLast), bytes: own, end };
    isLast = false;
    end = start + before + 1;
    bytes = bytes.subarray(0, before + 1);
  }
}

/** How far a ledger was looked at: `end` is where the last whole line ends, `n` its number, `sha256` that of its bytes. */
export interface Sound {
  end: number;
  n: number;
  sha256: string;
  /** Whether it is chained to the one before. */
  isChained: boolean;
}

export const NOTHING_SOUND: Sound = { end: 0, n: 0, sha256: NO_LINE, isChained: false };

/**
 * Looks at every line behind `from`: whether it is one, and goes by its number and hash with the one before. Lines of builds
 * that did not chain them have neither.
 * @throws BrokenLine
 */
export async function verifyLines(handle: Handle, from: Sound): Promise<Sound> {
  const { size } = await handle.stat();
  const sound = { ...from };
  let begin = from.end;
  let rest = Buffer.alloc(0);
  for (let read = begin; read < size;) {
    const chunk = await readAt(handle, read, Math.min(size, read + Math.max(CHUNK_BYTES, rest.length)));
    read += chunk.length;
    rest = Buffer.concat([rest, chunk]);
    for (let newline = rest.indexOf(NEWLINE); newline !== -1; newline = rest.indexOf(NEWLINE)) {
      const next = begin + newline + 1;
      const bytes = rest.subarray(0, newline + 1);
      const line = lineOf(bytes, begin, next === size);
      if (line === null) return sound;
      if (!follows(line, sound)) throw new BrokenLine(begin, true);
      const isChained = line.prev !== undefined;
      Object.assign(sound, { end: next, n: sound.n + 1, sha256: sha256Of(bytes), isChained });
      begin = next;
      rest = rest.subarray(newline + 1);
    }
    if (rest.length > LONGEST_LINE_BYTES) throw new BrokenLine(begin);
  }
  if (rest.length > 0) lineOf(rest, begin, true);
  return sound;
}

/** Once lines are chained all that come are. */
const follows = ({ n, prev }: AnyLine, before: Sound): boolean =>
  n === undefined && prev === undefined ? !before.isChained : n === before.n + 1 && prev === before.sha256;

/** What the line behind it says of a line: of its bytes, the newline included. */
export const sha256Of = (line: Buffer): string => createHash('sha256').update(line).digest('hex');

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

function lineOf(bytes: Buffer, at: number, mayBeTorn: boolean): AnyLine | null {
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
