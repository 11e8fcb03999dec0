const blockBytes = 64 * 1024;
/** Pieces shorter than this are copied faster by a loop. */
const shortBytes = 32;

/** Reusable memory blocks: what the garbage collector has yet to free would add to the memory of the next page. */
export class Blocks {
  private readonly free: Buffer[] = [];

  take(): Buffer {
    return this.free.pop() ?? Buffer.allocUnsafeSlow(blockBytes);
  }

  give(block: Buffer): void {
    this.free.push(block);
  }
}

/** A growing UTF-8 text in fixed-size blocks, so that each byte is held once and never moved. */
export class Bytes {
  /** In bytes, as all positions here. */
  length = 0;
  private readonly blocks: Buffer[] = [];

  constructor(private readonly memory = new Blocks()) {}

  /** Copies a range of `source`, since an answer's chunk may be a small part of a large buffer. */
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

  /** The bytes of a range, as views of the blocks: not copied. */
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

  /** Decodes a range in one piece; only for a small one. */
  text(from = 0, to = this.length): string {
    const [first, ...more] = this.slices(from, to);
    if (first === undefined) return '';
    return (more.length === 0 ? first : Buffer.concat([first, ...more])).toString('utf8');
  }

  /** Gives the blocks back for reuse: slices taken before then change their content. */
  release(): void {
    for (const block of this.blocks.splice(0)) this.memory.give(block);
    this.length = 0;
  }

  /** Whether these bytes are at a position. */
  has(expected: Buffer, position: number): boolean {
    for (let i = 0; i < expected.length; i++) if (this.at(position + i) !== expected[i]) return false;
    return true;
  }

  at(position: number): number | undefined {
    return this.blocks[Math.floor(position / blockBytes)]?.[position % blockBytes];
  }
}
