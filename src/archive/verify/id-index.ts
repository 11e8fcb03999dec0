import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BUCKETS = 256;
/** Two halves of a hash, the number of a file, and a place in it. */
const ENTRY_BYTES = 4 + 4 + 4 + 8;
const BUFFER_BYTES = ENTRY_BYTES * 1024;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const OTHER_SEED = 0x9e3779b9;
const BITS_OF_LOW = 2 ** 21;

/** Where an id stands. */
export interface Place {
  file: number;
  byte: number;
}

interface Bucket {
  descriptor: number;
  path: string;
  buffer: Buffer;
  used: number;
}

/**
 * Finds ids that stand twice among any number, in 16 MB of memory: their hashes go to files in the system's temporary folder, by
 * their first byte, and each file is small enough to look through at once. It holds no id.
 */
export class IdIndex {
  readonly #folder = mkdtempSync(join(tmpdir(), 'chat-sync-verify-'));
  readonly #buckets: Bucket[] = Array.from({ length: BUCKETS }, (_, i) => {
    const path = join(this.#folder, String(i));
    return { descriptor: openSync(path, 'wx', 0o600), path, buffer: Buffer.allocUnsafe(BUFFER_BYTES), used: 0 };
  });

  /** @param epoch In which an id may stand once. */
  add(epoch: number, id: Buffer, { file, byte }: Place): void {
    const high = hashOf(id, FNV_OFFSET ^ epoch);
    const low = hashOf(id, OTHER_SEED ^ epoch);
    const bucket = this.#buckets[high >>> 24];
    if (!bucket) return;
    if (bucket.used === BUFFER_BYTES) flush(bucket);
    const { buffer, used } = bucket;
    buffer.writeUInt32LE(high, used);
    buffer.writeUInt32LE(low, used + 4);
    buffer.writeUInt32LE(file, used + 8);
    buffer.writeDoubleLE(byte, used + 12);
    bucket.used += ENTRY_BYTES;
  }

  /** Pairs of places that most probably hold the same id of the same epoch: to be compared. */
  *suspects(): Generator<[Place, Place]> {
    for (const bucket of this.#buckets) {
      flush(bucket);
      const entries = readFileSync(bucket.path);
      const first = new Map<number, number>();
      for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
        const key = entries.readUInt32LE(at) * BITS_OF_LOW + (entries.readUInt32LE(at + 4) >>> 11);
        const earlier = first.get(key);
        if (earlier === undefined) first.set(key, at);
        else yield [placeAt(entries, earlier), placeAt(entries, at)];
      }
    }
  }

  close(): void {
    for (const { descriptor } of this.#buckets) closeSync(descriptor);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const placeAt = (entries: Buffer, at: number): Place => ({
  file: entries.readUInt32LE(at + 8),
  byte: entries.readDoubleLE(at + 12),
});

function flush(bucket: Bucket): void {
  for (let done = 0; done < bucket.used;) {
    done += writeSync(bucket.descriptor, bucket.buffer, done, bucket.used - done);
  }
  bucket.used = 0;
}

/** FNV-1a, its bits mixed at the end. @returns 32 bits */
function hashOf(bytes: Buffer, seed: number): number {
  let hash = seed;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
