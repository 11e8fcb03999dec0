export const NEWLINE = 0x0a;

/** Cuts a stream into its lines, each with the newline at its end, which the last one may lack. The stream must not use a chunk's memory again. */
export async function* linesIn(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const lines of lineGroupsIn(chunks)) yield* lines;
}

/** The same, with the lines that end in a chunk together: a step of an asynchronous loop for each costs more than all else. */
export async function* lineGroupsIn(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer[]> {
  let begun: Buffer[] = [];
  for await (const chunk of chunks) {
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE) + 1; end > 0; end = chunk.indexOf(NEWLINE, start) + 1) {
      const rest = chunk.subarray(start, end);
      lines.push(begun.length === 0 ? rest : Buffer.concat([...begun, rest]));
      begun = [];
      start = end;
    }
    if (start < chunk.length) begun.push(chunk.subarray(start));
    if (lines.length > 0) yield lines;
  }
  if (begun.length > 0) yield [Buffer.concat(begun)];
}

/** Where a line of a file begins. */
export interface LineStart {
  /** In bytes. */
  at: number;
  /** How many lines there are before it. */
  before: number;
}

/** Finds the beginning of line `n`, from 1, or of the last one where there are fewer, without looking into them. */
export async function findLine(chunks: AsyncIterable<Buffer>, n: number): Promise<LineStart> {
  let offset = 0;
  let last: LineStart = { at: 0, before: 0 };
  let next = last;
  if (n <= 1) return last;
  for await (const chunk of chunks) {
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, end + 1)) {
      last = next;
      next = { at: offset + end + 1, before: last.before + 1 };
      if (next.before === n - 1) return next;
    }
    offset += chunk.length;
  }
  return next.at < offset ? next : last;
}
