import { join } from 'node:path';
import type { Entry } from '../log';
import { partsIn } from '../read/parts';
import type { Files } from './files';
import type { Ledger } from './ledger';

type ReadEntries = (from: number) => AsyncIterable<Entry>;

export interface Removal {
  /** Parts of entries before this number may go. */
  before: number;
  /** If their line is older than this time; null: whatever their age. */
  olderThan: string | null;
  /** Paths of parts that stay. */
  keep: ReadonlySet<string>;
}

/**
 * Removes parts that may go. The ledger says so before they do, so that none is ever missed.
 * @param keepIndex Keeps what is to be known of an entry when its parts are gone.
 */
export function createRetention(
  files: Files,
  folder: string,
  ledger: Ledger,
  keepIndex: (entry: Entry) => Promise<void>,
) {
  let isFinished = false;

  async function remove(entries: ReadEntries, { before, olderThan, keep }: Removal): Promise<void> {
    const last = await ledger.removed();
    // What a worker that died has said and not done, and what had to stay then.
    if (!isFinished) await discardParts(entries, 1, last.through, keep);
    isFinished = true;
    const from = last.through + 1;
    const removal = { from, through: last.through, parts: 0, bytes: 0 };
    for await (const entry of entries(from)) {
      const { n, parts, at, window } = entry;
      if (n >= before) break;
      if (olderThan !== null && Date.parse(at ?? window.to) >= Date.parse(olderThan)) break;
      const going = parts.filter(({ path }) => !keep.has(path));
      // Of one whose parts all stay, too: they may go later, and then nothing is said of it.
      if (parts.length > 0) await keepIndex(entry);
      removal.through = n;
      removal.parts += going.length;
      removal.bytes += going.reduce((sum, { bytes }) => sum + bytes, 0);
    }
    if (removal.parts === 0) return;
    await ledger.appendRemoved(removal);
    await discardParts(entries, from, removal.through, keep);
  }

  async function discardParts(
    entries: ReadEntries,
    from: number,
    through: number,
    keep: ReadonlySet<string>,
  ): Promise<void> {
    if (through < from) return;
    const there = new Set(await partsIn(folder));
    for await (const { n, parts } of entries(from)) {
      if (n > through) break;
      for (const { path } of parts) if (there.has(path) && !keep.has(path)) await files.discard(join(folder, path));
    }
  }

  return { remove };
}
