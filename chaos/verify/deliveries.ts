import type { Environment } from '../environment';
import type { Target } from '../targets';
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
  /** Of each destination on a real server. */
  readonly servers: Readonly<Record<string, OnServer>>;
}

/** What a real server has. */
export interface OnServer {
  readonly missing: number;
  readonly foreign: number;
  /** Beyond its promise. */
  readonly doubled: number;
}

export const isDelivered = ({ missing, doubled, altered, servers }: Deliveries): boolean =>
  [missing, doubled, altered, ...Object.values(servers).flatMap((server) => Object.values(server) as number[])].every(
    (count) => count === 0,
  );

/** Compares what the receiver took, each key once, with every record of the archive. */
export async function verifyDeliveries({ archiveFolder, receiver, targets }: Environment): Promise<Deliveries> {
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
    servers: Object.fromEntries(
      await Promise.all(
        targets.map(async (target) => [target.name, compare(ids, await target.ids(), target)] as const),
      ),
    ),
  };
}

function compare(archived: readonly string[], there: readonly string[], { promise }: Target): OnServer {
  const known = countsOf(promise === 'as archived' ? archived : [...new Set(archived)]);
  const found = countsOf(there);
  const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0);
  const over = [...found]
    .filter(([id]) => known.has(id))
    .map(([id, count]) => Math.max(0, count - (known.get(id) ?? 0)));
  return {
    missing: sum([...known].map(([id, count]) => Math.max(0, count - (found.get(id) ?? 0)))),
    foreign: sum([...found].filter(([id]) => !known.has(id)).map(([, count]) => count)),
    doubled: promise === 'at least once' ? 0 : sum(over),
  };
}

function countsOf(ids: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}
