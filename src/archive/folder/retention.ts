import { join } from 'node:path';
import type { Entry } from '../log';
import type { Files } from './files';
import type { Ledger } from './ledger';

/** Removes parts that may go. The ledger says so before they do, so that none is ever missed. */
export function createRetention(files: Files, folder: string, ledger: Ledger) {
  let isFinished = false;

  async function remove(
    entries: (from: number) => AsyncIterable<Entry>,
    before: number,
    olderThan: string | null,
  ): Promise<void> {
    const last = await ledger.removed();
    if (!isFinished) await discardParts(entries, last.from, last.through);
    isFinished = true;
    const from = last.through + 1;
    const removal = { from, through: last.through, parts: 0, bytes: 0 };
    for await (const { n, parts, at, window } of entries(from)) {
      if (n >= before) break;
      if (olderThan !== null && Date.parse(at ?? window.to) >= Date.parse(olderThan)) break;
      removal.through = n;
      removal.parts += parts.length;
      removal.bytes += parts.reduce((sum, { bytes }) => sum + bytes, 0);
    }
    if (removal.parts === 0) return;
    await ledger.appendRemoved(removal);
    await discardParts(entries, from, removal.through);
  }

  /** Also of what a worker that died has said, and not done. */
  async function discardParts(
    entries: (from: number) => AsyncIterable<Entry>,
    from: number,
    through: number,
  ): Promise<void> {
    if (through < from) return;
    for await (const { n, parts } of entries(from)) {
      if (n > through) break;
      for (const { path } of parts) await files.discard(join(folder, path));
    }
  }

  return { remove };
}
