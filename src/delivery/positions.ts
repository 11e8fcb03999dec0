import { positionSchema, type Position } from '../domain/delivery';
import { isOfAnotherLedger, type Log } from '../archive/log';

/** What is known of a destination's position without its file. */
export interface Known {
  epoch: number;
  /** Where the epoch begins, as of `rewind` or the destination's settings: a time, `now`, or null for the first entry. */
  start: string | null;
  position: Position | null;
}

/** Where a destination is, and the window up to which it has everything then. */
export interface Place {
  position: Position;
  /** Null: not known, since it is not at the start of its epoch. */
  through: string | null | undefined;
}

/** Batches that a crash may repeat, with the one that is on its way. */
export const MOST_UNWRITTEN = 8;

/** The file in which a destination's position is kept, if it keeps none itself. */
export const positionFile = (log: Log, destination: string) => {
  const file = log.file('positions', `${destination}.json`);
  let next: Position | null = null;
  let unwritten = 0;
  let isWriting = false;
  let writing: Promise<void> = Promise.resolve();

  async function writeOn(): Promise<void> {
    try {
      for (let position = next; position; position = next) {
        next = null;
        const covered = unwritten;
        await file.write(textOf(position), false);
        unwritten -= covered;
      }
    } finally {
      isWriting = false;
    }
  }

  return {
    async read(): Promise<Position | null> {
      const text = await file.read();
      try {
        return text === null ? null : positionSchema.parse(JSON.parse(text));
      } catch {
        // A loss of power left nothing in it: the workflow's state is at most a minute behind.
        return null;
      }
    },
    /**
     * Writes while further batches are on their way, which a disk would hold up by as much again as a fast destination takes for them; of several
     * the last. @throws ArchiveError if the one before could not be written
     */
    async writeBehind(position: Position): Promise<void> {
      next = position;
      unwritten += 1;
      if (isWriting && unwritten < MOST_UNWRITTEN) return;
      await writing;
      isWriting = true;
      writing = writeOn();
      // Whoever waits for it is told.
      writing.catch(() => undefined);
    },
    written: () => writing,
    write: (position: Position) => file.write(textOf(position), true),
  };
};

const textOf = (position: Position): string => `${JSON.stringify(position)}\n`;

/**
 * Where to go on: the position of the highest epoch; of the same epoch the stored one, which moves with each batch, before the
 * workflow's. One of another archive counts for nothing.
 * @param stored In the order in which they are believed: by the destination, by its file.
 */
export async function resume(log: Log, stored: readonly (Position | null)[], known: Known): Promise<Place> {
  const archive = await log.id();
  const candidates = [...stored, known.position].filter((position) => position !== null);
  const epoch = Math.max(known.epoch, ...candidates.map((position) => position.epoch));
  const ofEpoch = candidates.filter((position) => position.epoch === epoch);
  for (const found of ofEpoch) {
    if (await isOf(log, archive, found)) return { position: { ...found, archive }, through: undefined };
  }
  // Of an archive that took the place of another one nothing is known: all of it is delivered, wherever the first one was begun.
  const start = ofEpoch.length === 0 ? known.start : null;
  const { through, ...place } = await beginningOf(log, start);
  return { position: { archive, epoch, ...place }, through };
}

/**
 * Whether a position is in this archive. Its id is new after each rewind of the source: then the ledger tells, which goes on behind the line that
 * the position came past.
 */
async function isOf(log: Log, archive: string | null, position: Position): Promise<boolean> {
  if (position.archive === null || archive === null || position.archive === archive) return true;
  return isReached(log, position);
}

/** The end of the last completed window before a position; null if there is none. */
export async function throughAt(log: Log, { entry }: Position): Promise<string | null> {
  let through: string | null = null;
  for await (const { n, window, outcome } of log.entries(1)) {
    if (n >= entry) break;
    if (outcome === 'completed') through = window.to;
  }
  return through;
}

/** Whether the ledger has the line that a position came past. */
export async function isReached(log: Log, { entry, after }: Position): Promise<boolean> {
  try {
    await log.entries(entry, after)[Symbol.asyncIterator]().next();
    return entry === 1 || after !== null;
  } catch (error) {
    if (isOfAnotherLedger(error)) return false;
    throw error;
  }
}

interface Beginning extends Pick<Position, 'entry' | 'after' | 'byte' | 'part' | 'records'> {
  through: string | null;
}

/** The place before the first entry whose window ends behind a time, or behind everything that is there now. */
async function beginningOf(log: Log, start: string | null): Promise<Beginning> {
  const place: Beginning = { entry: 1, after: null, byte: 0, part: null, records: 0, through: null };
  if (start === null) return place;
  for await (const { n, window, parts, outcome, records, sha256 } of log.entries(1)) {
    if (start !== 'now' && Date.parse(window.to) > Date.parse(start)) break;
    if (outcome !== null) {
      Object.assign(place, { entry: n + 1, after: sha256 });
      if (outcome === 'completed') place.through = window.to;
    } else if (start === 'now') {
      const byte = parts.reduce((sum, { bytes }) => sum + bytes, 0);
      Object.assign(place, { byte, part: parts.at(-1)?.path ?? null, records });
    }
  }
  return place;
}
