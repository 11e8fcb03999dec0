import type { Settings } from '../../../harness/process-env';

/** What a server holds: records, and how many of them are different ones. */
export interface There {
  records: number;
  distinct: number;
}

/** A server, empty at first. */
export interface Target {
  /** Settings by which a worker delivers to it. */
  readonly settings: Settings;
  /** The address, as the plain loop gets it. */
  readonly url: string;
  /** Asks the server. */
  there(): Promise<There>;
  stop(): Promise<void>;
}

/** Counts ids. */
export async function countIds(ids: AsyncIterable<string>): Promise<There> {
  const distinct = new Set<string>();
  let records = 0;
  for await (const id of ids) {
    records += 1;
    distinct.add(id);
  }
  return { records, distinct: distinct.size };
}
