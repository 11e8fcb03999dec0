const blockBytes = 64 * 1024;
/** Shorter pieces are copied faster by hand. */
const shortBytes = 32;

/** A text in UTF-8 that grows piece by piece, each byte held once: in blocks, never in one piece. */
export class Bytes {
  /** In bytes, as every position here. */
  length = 0;
  private readonly blocks: Buffer[] = [];

  /** Copies what stands from `start` to `end` in `source`: a chunk of an answer may be a small part of a large buffer. */
  append(source: Buffer, start: number, end: number): void {
    for (let from = start; from < end;) {
      const at = this.length % blockBytes;
      if (at === 0) this.blocks.push(Buffer.allocUnsafeSlow(blockBytes));
      const block = this.blocks.at(-1);
      if (block === undefined) return;
      const count = Math.min(end - from, blockBytes - at);
      if (count < shortBytes) for (let i = 0; i < count; i++) block[at + i] = source[from + i] ?? 0;
      else source.copy(block, at, from, from + count);
      this.length += count;
      from += count;
    }
  }

  /** The bytes from one position to another, where they stand. */
  slices(from: number, to: number): Buffer[] {
    const slices: Buffer[] = [];
    for (let at = from; at < to;) {
      const start = at % blockBytes;
      const end = Math.min(start + to - at, blockBytes);
      const block = this.blocks[(at - start) / blockBytes];
      if (block === undefined) break;
      slices.push(block.subarray(start, end));
      at += end - start;
    }
    return slices;
  }

  /** To be asked for a small part, or a text that is small as a whole. */
  text(from = 0, to = this.length): string {
    const [first, ...more] = this.slices(from, to);
    if (first === undefined) return '';
    return (more.length === 0 ? first : Buffer.concat([first, ...more])).toString('utf8');
  }

  at(position: number): number | undefined {
    return this.blocks[Math.floor(position / blockBytes)]?.[position % blockBytes];
  }
}
