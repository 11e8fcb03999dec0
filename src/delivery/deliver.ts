import type { Entry, Log } from '../archive/log';
import type { Limits } from '../destinations/definition';
import type { Destination } from '../destinations/destination';
import type { Behind, Position } from '../domain/delivery';
import { BatchSender } from './batch-sender';
import { positionFile, resume, type Known } from './positions';
import { createRefusedFile, type RefusedFile } from './refused-file';
import { createPartWriter, createRecordWriter, type Writer } from './writer';

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
  const refused = createRefusedFile(log, name);
  const ownPosition = 'deliverPart' in destination ? undefined : destination.position;
  const writer = writerOf(options, refused);
  let { position, through } = await resume(log, ownPosition ? await ownPosition() : await file.read(), known);
  let missed = 0;
  let observed = 0;
  let isFirst = true;
  let caughtUp = true;

  async function moveTo(next: Pick<Position, 'entry' | 'byte' | 'part' | 'records'>): Promise<void> {
    if (!writer.isDecided) return;
    position = { ...position, ...next };
    if (!ownPosition) await file.write(position, false);
  }

  async function deliverEntry(entry: Entry): Promise<void> {
    const start = isFirst ? startIn(entry, position) : NOTHING;
    isFirst = false;
    if (entry.isRemoved) missed += entry.records - start.records;
    else await deliverParts(entry, start);
    if (!caughtUp || entry.outcome === null) return;
    if (!entry.isRemoved) await writer.end(source, entry);
    await moveTo({ entry: entry.n + 1, byte: 0, part: null, records: 0 });
    if (entry.outcome === 'completed' && writer.isDecided) through = entry.window.to;
  }

  async function deliverParts(entry: Entry, start: Start): Promise<void> {
    let { records } = start;
    let offset = 0;
    for (const part of entry.parts) {
      const from = Math.max(0, start.byte - offset);
      const placeAt = (byte: number, count: number) => ({
        ...{ entry: entry.n, part: part.path, byte: byte, records: count },
      });
      const begin = offset;
      offset += part.bytes;
      if (from >= part.bytes) continue;
      const positionAt = (byte: number, count: number): Position => ({ ...position, ...placeAt(begin + byte, count) });
      for await (const step of writer.write({ source, entry, part, positionAt }, from, records)) {
        ({ records } = step);
        tell();
        await moveTo(placeAt(begin + step.byte, records));
        if (options.isOver()) caughtUp = false;
        if (!caughtUp) return;
      }
    }
  }

  function tell(): void {
    options.observe(writer.delivered - observed);
    observed = writer.delivered;
  }

  try {
    for await (const entry of log.entries(position.entry)) {
      await deliverEntry(entry);
      if (options.isOver()) caughtUp = false;
      if (!caughtUp) break;
    }
    if (caughtUp) writer.requireDecided();
  } finally {
    tell();
  }
  // Of a destination that keeps its own it is a copy, by which others know what it has.
  if (position.byte > 0 || position.entry > 1) await file.write(position, true);
  return {
    ...{ position, through, missed, caughtUp },
    ...{ delivered: writer.delivered, shortened: writer.shortened },
    refused: (await refused.read()).length,
    behind: caughtUp ? { records: 0, parts: 0 } : await behind(log, position),
  };
}

function writerOf({ name, log, destination, limits, signal }: DeliverOptions, refused: RefusedFile): Writer {
  if ('deliverPart' in destination) return createPartWriter(log, destination, signal);
  if (limits === null) throw new TypeError(`${name} takes records, and has no limits`);
  return createRecordWriter(log, new BatchSender(destination, limits, refused, signal), limits, signal);
}

type Start = Pick<Position, 'byte' | 'records'>;
const NOTHING: Start = { byte: 0, records: 0 };

/**
 * Where in the first entry behind a position that is. Lines of other things may have come before its own. Its parts may have become others: then
 * all of them are delivered again.
 */
function startIn({ parts }: Entry, { byte, part, records }: Position): Start {
  if (byte === 0) return NOTHING;
  let end = 0;
  const holding = parts.find(({ bytes }) => (end += bytes) >= byte);
  return holding?.path === part ? { byte, records } : NOTHING;
}

/** What the log holds behind a position. */
export async function behind(log: Log, position: Position): Promise<Behind> {
  const left = { records: 0, parts: 0 };
  let isFirst = true;
  for await (const entry of log.entries(position.entry)) {
    const start = isFirst ? startIn(entry, position) : NOTHING;
    isFirst = false;
    if (entry.isRemoved) continue;
    let end = 0;
    left.parts += entry.parts.filter(({ bytes }) => (end += bytes) > start.byte).length;
    left.records += entry.records - start.records;
  }
  return left;
}
