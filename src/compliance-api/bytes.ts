const blockBytes = 64 * 1024;
/** Shorter pieces are copied faster by hand. */
const shortBytes = 32;

/** Memory that is used again and again: what is left to the garbage collector stays around while the next page comes in. */
export class Blocks {
  private readonly free: Buffer[] = [];

  take(): Buffer {
    return this.free.pop() ?? Buffer.allocUnsafeSlow(blockBytes);
  }

  give(block: Buffer): void {
    this.free.push(block);
  }
}

/** A text in UTF-8 that grows piece by piece, each byte held once: in blocks, never in one piece. */
export class Bytes {
  /** In bytes, as every position here. */
  length = 0;
  private readonly blocks: Buffer[] = [];

  constructor(private readonly memory = new Blocks()) {}

  /** Copies what stands from `start` to `end` in `source`: a chunk of an answer may be a small part of a large buffer. */
  append(source: Buffer, start: number, end: number): void {
    for (let from = start; from < end;) {
      const at = this.length % blockBytes;
      if (at === 0) this.blocks.push(this.memory.take());
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

  /** Gives the memory back: slices hold something else from then on. */
  release(): void {
    for (const block of this.blocks.splice(0)) this.memory.give(block);
    this.length = 0;
  }

  /** Whether these bytes stand at a position. */
  has(expected: Buffer, position: number): boolean {
    for (let i = 0; i < expected.length; i++) if (this.at(position + i) !== expected[i]) return false;
    return true;
  }

  at(position: number): number | undefined {
    return this.blocks[Math.floor(position / blockBytes)]?.[position % blockBytes];
  }
}
