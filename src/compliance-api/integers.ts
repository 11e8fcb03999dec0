const blockLength = 1024;

/** A list of 32-bit integers: four bytes each, never copied as it grows. */
export class Integers {
  length = 0;
  private readonly blocks: Int32Array[] = [];

  push(value: number): void {
    const at = this.length % blockLength;
    if (at === 0) this.blocks.push(new Int32Array(blockLength));
    const block = this.blocks.at(-1);
    if (block !== undefined) block[at] = value;
    this.length += 1;
  }

  /** The value at an index; 0 beyond the end. */
  at(index: number): number {
    return this.blocks[Math.floor(index / blockLength)]?.[index % blockLength] ?? 0;
  }
}
