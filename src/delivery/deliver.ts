import type { Entry, Log, PartEntry } from '../archive/log';
import type { Limits } from '../destinations/definition';
import type { Destination, PartDestination, RecordDestination } from '../destinations/destination';
import type { Behind, Position } from '../domain/delivery';
import { batchesOf } from './batches';
import { BatchSender, type Origin } from './batch-sender';
import { positionFile, resume, type Known } from './positions';
import { createRefusedFile } from './refused-file';

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
  const { source, name, log, destination, limits, known, signal } = options;
  const file = positionFile(log, name);
  const refused = createRefusedFile(log, name);
  const isByPart = 'deliverPart' in destination;
  const ownPosition = isByPart ? undefined : destination.position;
  const stored = ownPosition ? await ownPosition() : await file.read();
  let { position, through } = await resume(log, stored, known);
  let caughtUp = true;
  const sender = isByPart ? null : senderOf(destination, limits);

  function senderOf(records: RecordDestination, of: Limits | null): BatchSender {
    if (of === null) throw new TypeError(`${name} takes records, and has no limits`);
    return new BatchSender(records, of, refused, signal);
  }

  /** @param isDurable The place is one to stop at. */
  async function moveTo(next: Position, isDurable: boolean): Promise<void> {
    if (sender && !sender.isDecided) return;
    position = next;
    if (!ownPosition) await file.write(next, isDurable);
  }

  async function deliverEntry(entry: Entry): Promise<void> {
    let offset = 0;
    let at = startIn(entry, position);
    let records = at.records;
    for (const part of entry.parts) {
      const from = Math.max(0, at.byte - offset);
      if (from >= part.bytes) {
        offset += part.bytes;
        continue;
      }
      const begin = offset;
      const positionAt = (byte: number, count: number): Position => ({
        ...{ archive: position.archive, epoch: position.epoch, entry: entry.n },
        ...{ byte: begin + byte, part: part.path, records: count },
      });
      records = sender
        ? await deliverRecords(sender, { source, entry, part, positionAt }, from, records)
        : await deliverWhole(entry, part, positionAt, records);
      offset += part.bytes;
      at = { byte: offset, records };
      if (!caughtUp) return;
    }
    if (entry.outcome === null) return;
    if (isByPart) await deliverWindow(destination, entry);
    const { archive, epoch } = position;
    await moveTo({ archive, epoch, entry: entry.n + 1, byte: 0, part: null, records: 0 }, false);
    if (entry.outcome === 'completed' && (!sender || sender.isDecided)) through = entry.window.to;
  }

  /** @returns how many records of the entry are delivered. */
  async function deliverRecords(by: BatchSender, origin: Origin, from: number, before: number): Promise<number> {
    let records = before;
    if (limits === null) return records;
    for await (const batch of batchesOf(log, origin.part, from, limits)) {
      signal.throwIfAborted();
      const delivered = by.delivered;
      await by.send(origin, batch.records, batch.to, records).finally(() => options.observe(by.delivered - delivered));
      records += batch.records.length;
      await moveTo(origin.positionAt(batch.to, records), false);
      if (options.isOver()) {
        caughtUp = false;
        return records;
      }
    }
    return records;
  }

  async function deliverWhole(
    { window }: Entry,
    part: PartEntry,
    positionAt: Origin['positionAt'],
    before: number,
  ): Promise<number> {
    let lines = 0;
    const content = async function* (): AsyncGenerator<Buffer> {
      lines = 0;
      for await (const chunk of log.content(part)) {
        for (let i = chunk.indexOf(0x0a); i !== -1; i = chunk.indexOf(0x0a, i + 1)) lines += 1;
        yield chunk;
      }
    };
    await (destination as PartDestination).deliverPart({ source, window, ...part, content }, signal);
    options.observe(lines);
    parts.records += lines;
    await moveTo(positionAt(part.bytes, before + lines), false);
    if (options.isOver()) caughtUp = false;
    return before + lines;
  }
  const parts = { records: 0 };

  async function deliverWindow(by: PartDestination, { n, window, line, parts }: Entry): Promise<void> {
    if (line !== null) await by.deliverWindow({ source, window, n, line, parts }, signal);
  }

  for await (const entry of log.entries(position.entry)) {
    signal.throwIfAborted();
    await deliverEntry(entry);
    if (options.isOver()) caughtUp = false;
    if (!caughtUp) break;
  }
  if (caughtUp) sender?.requireDecided();
  if (!ownPosition && (position.byte > 0 || position.entry > 1)) await file.write(position, true);
  return {
    position,
    through,
    delivered: sender ? sender.delivered : parts.records,
    shortened: sender?.shortened ?? 0,
    refused: (await refused.read()).length,
    behind: caughtUp ? { records: 0, parts: 0 } : await behind(log, position),
    caughtUp,
  };
}

/** Where in an entry a position is. The entry's parts may have become others: then all of them are delivered again. */
function startIn({ n, parts }: Entry, { entry, byte, part, records }: Position): Pick<Position, 'byte' | 'records'> {
  if (n !== entry || byte === 0) return { byte: 0, records: 0 };
  let end = 0;
  const holding = parts.find(({ bytes }) => (end += bytes) >= byte);
  return holding?.path === part ? { byte, records } : { byte: 0, records: 0 };
}

/** What the log holds behind a position. */
export async function behind(log: Log, position: Position): Promise<Behind> {
  const left = { records: 0, parts: 0 };
  for await (const { n, parts, records } of log.entries(position.entry)) {
    const isBegun = n === position.entry;
    left.records += Math.max(0, records - (isBegun ? position.records : 0));
    let end = 0;
    left.parts += parts.filter(({ bytes }) => (end += bytes) > (isBegun ? position.byte : 0)).length;
  }
  return left;
}
