import type { Entry, Log } from '../archive/log';
import type { Limits } from '../destinations/definition';
import type { Destination } from '../destinations/destination';
import type { Behind, Position } from '../domain/delivery';
import { BatchSender } from './batch-sender';
import { positionFile, resume, throughAt, type Known, type Place } from './positions';
import { openRefusedFile, type RefusedFile } from './refused-file';
import { openShortenedFile } from './shortened-file';
import { createPartWriter, createRecordWriter, type Piece, type Writer } from './writer';

export interface DeliverOptions {
  source: string;
  /** Its name. */
  name: string;
  log: Log;
  destination: Destination;
  /** Null for one that takes parts. */
  limits: Limits | null;
  known: Known;
  /** Whether to end soon, at the next place that can be gone on from. */
  isOver(): boolean;
  signal: AbortSignal;
  /** Told of records as they are delivered. */
  observe(records: number): void;
}

/** How far a delivery came. */
export interface DeliveryResult {
  position: Position;
  /** The end of the last completed window that it came past; undefined: it came past none. */
  through: string | null | undefined;
  delivered: number;
  shortened: number;
  /** Records that were removed before they were delivered. */
  missed: number;
  /** Records in the file of refused ones. */
  refused: number;
  behind: Behind;
  caughtUp: boolean;
}

/**
 * Delivers what the log holds behind a destination's position, in the log's order: windows, their parts, their records. The position moves
 * when everything before it is durable there.
 * @throws DestinationError, ArchiveError; what was delivered until then is not forgotten.
 */
export async function deliver(options: DeliverOptions): Promise<DeliveryResult> {
  const { source, name, log, destination, known } = options;
  const file = positionFile(log, name);
  const refused = await openRefusedFile(log, name);
  const ownPosition = 'deliverPart' in destination ? undefined : destination.position;
  const writer = writerOf(options, refused);
  let { position, through } = await begin();
  /** The ledger's line behind the last window: those of other things may come before the next one's, and are still to come if it is open. */
  let line: Pick<Position, 'entry' | 'after'> = { entry: position.entry, after: position.after };
  let missed = 0;
  let observed = 0;
  let isFirst = true;
  let caughtUp = true;

  /** Where it begins is kept before the destination is asked for anything: `now` is now, however long it is down. */
  async function begin(): Promise<Place> {
    const kept = await file.read();
    const place = await resume(log, [kept], known);
    if (kept === null || kept.epoch !== place.position.epoch || kept.archive !== place.position.archive) {
      if (place.position.archive !== null) await file.write(place.position);
    }
    const begun = ownPosition ? await resume(log, [await ownPosition(), place.position], known) : place;
    // The workflow has lost its state, or an attempt that failed came past windows: what it shows is read anew.
    const isNews = begun.through === undefined && begun.position.entry > (known.position?.entry ?? 0);
    return isNews ? { ...begun, through: await throughAt(log, begun.position) } : begun;
  }

  async function moveTo(next: Partial<Position>, isKept = true): Promise<void> {
    if (!writer.isDecided) return;
    position = { ...position, ...next };
    if (isKept && !ownPosition) await file.writeBehind(position);
  }

  async function deliverEntry(entry: Entry): Promise<void> {
    const start = isFirst ? startIn(entry, position) : NOTHING;
    if (isFirst && start === 'elsewhere') {
      // Positions of what was begun mean other bytes now.
      position = { ...position, epoch: position.epoch + 1, byte: 0, part: null, records: 0 };
    }
    isFirst = false;
    const from = start === 'elsewhere' ? NOTHING : start;
    // After a rewind it had them before.
    if (entry.isRemoved && known.epoch === 0) missed += entry.records - from.records;
    if (!entry.isRemoved) await deliverParts(entry, from);
    if (!caughtUp || entry.outcome === null) return;
    if (!entry.isRemoved) await writer.end(source, entry);
    line = { entry: entry.n + 1, after: entry.sha256 };
    await moveTo({ ...line, byte: 0, part: null, records: 0 }, entry.parts.length > 0);
    if (entry.outcome === 'completed' && writer.isDecided) through = entry.window.to;
  }

  async function deliverParts(entry: Entry, start: Start): Promise<void> {
    const pieces: Piece[] = [];
    let end = 0;
    for (const part of entry.parts) {
      const begin = end;
      end += part.bytes;
      const from = Math.max(0, start.byte - begin);
      const positionAt = (byte: number, records: number): Position => ({
        ...{ ...position, ...line, part: part.path, byte: begin + byte, records },
      });
      if (from < part.bytes) pieces.push({ origin: { source, entry, part, positionAt }, from });
    }
    for await (const { origin, byte, records } of writer.write(pieces, start.records)) {
      tell();
      await moveTo(origin.positionAt(byte, records));
      if (options.isOver()) caughtUp = false;
      if (!caughtUp) return;
    }
  }

  function tell(): void {
    options.observe(writer.delivered - observed);
    observed = writer.delivered;
  }

  try {
    for await (const entry of log.entries(position.entry, position.after)) {
      await deliverEntry(entry);
      if (options.isOver()) caughtUp = false;
      if (!caughtUp) break;
    }
    if (caughtUp) writer.requireDecided();
  } finally {
    tell();
    await file.written();
  }
  // Of a destination that keeps its own it is a copy, by which others know what it has.
  if (position.byte > 0 || position.entry > 1) await file.write(position);
  return {
    ...{ position, through, missed, caughtUp },
    ...{ delivered: writer.delivered, shortened: writer.shortened },
    refused: refused.count,
    behind: caughtUp ? { records: 0, parts: 0 } : await behind(log, position),
  };
}

function writerOf({ name, log, destination, limits, signal }: DeliverOptions, refused: RefusedFile): Writer {
  if ('deliverPart' in destination) return createPartWriter(log, destination, signal);
  if (limits === null) throw new TypeError(`${name} takes records, and has no limits`);
  return createRecordWriter(
    log,
    new BatchSender(destination, limits, refused, openShortenedFile(log, name), signal),
    limits,
    signal,
  );
}

type Start = Pick<Position, 'byte' | 'records'>;
const NOTHING: Start = { byte: 0, records: 0 };

/**
 * Where in the first entry behind a position that is. Lines of other things may have come before its own. `elsewhere`: the window that was
 * open came out otherwise, or another one took its place.
 */
function startIn({ parts }: Entry, { byte, part, records }: Position): Start | 'elsewhere' {
  if (byte === 0) return NOTHING;
  let end = 0;
  const holding = parts.find(({ bytes }) => (end += bytes) >= byte);
  return holding?.path === part ? { byte, records } : 'elsewhere';
}

/** What the log holds behind a position. */
export async function behind(log: Log, position: Position): Promise<Behind> {
  const left = { records: 0, parts: 0 };
  let isFirst = true;
  for await (const entry of log.entries(position.entry, position.after)) {
    const start = isFirst ? startIn(entry, position) : NOTHING;
    const from = start === 'elsewhere' ? NOTHING : start;
    isFirst = false;
    if (entry.isRemoved) continue;
    let end = 0;
    left.parts += entry.parts.filter(({ bytes }) => (end += bytes) > from.byte).length;
    left.records += entry.records - from.records;
  }
  return left;
}
