import type { Environment } from '../environment';
import { readArchive } from './archive-contents';

/** What a destination has, compared with the archive. */
export interface Deliveries {
  /** Records of the archive, over all its windows. */
  readonly archived: number;
  readonly missing: number;
  /** Beyond those of the archive, though under other keys. */
  readonly doubled: number;
  /** Deliveries that came again with the same key and the same records, as they may. */
  readonly repeated: number;
  /** Deliveries that came again with the same key and other records. */
  readonly altered: number;
  /** Messages of the archive that have no row, and rows of no message; null without a database. */
  readonly rows: { missing: number; foreign: number } | null;
}

export const isDelivered = ({ missing, doubled, altered, rows }: Deliveries): boolean =>
  missing + doubled + altered + (rows ? rows.missing + rows.foreign : 0) === 0;

/** Compares what the receiver took, each key once, with every record of the archive. */
export async function verifyDeliveries({ archiveFolder, receiver, database }: Environment): Promise<Deliveries> {
  const { windows } = await readArchive(archiveFolder);
  const ids = windows.flatMap(({ records }) => records.map(({ id }) => id));
  const left = new Map<string, number>();
  for (const id of ids) left.set(id, (left.get(id) ?? 0) + 1);
  const taken = await receiver.taken();
  for (const id of taken.ids) left.set(id, (left.get(id) ?? 0) - 1);
  const differences = [...left.values()];
  return {
    archived: ids.length,
    missing: differences.reduce((sum, count) => sum + Math.max(0, count), 0),
    doubled: differences.reduce((sum, count) => sum + Math.max(0, -count), 0),
    repeated: taken.repeated,
    altered: taken.altered,
    rows: database && compare(new Set(ids), await database.ids()),
  };
}

function compare(archived: ReadonlySet<string>, rows: readonly string[]): { missing: number; foreign: number } {
  const there = new Set(rows);
  return {
    missing: [...archived].filter((id) => !there.has(id)).length,
    foreign: rows.filter((id) => !archived.has(id)).length,
  };
}
