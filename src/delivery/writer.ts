import type { Entry, Log, PartEntry } from '../archive/log';
import type { Limits } from '../destinations/definition';
import type { PartDestination } from '../destinations/destination';
import type { Position } from '../domain/delivery';
import { batchesOf, type Batch } from './batches';
import type { BatchSender } from './batch-sender';

const NEWLINE = 0x0a;
/** Before a part's first batch all of it is compared with its hash: so much is delivered meanwhile. */
const AHEAD_BYTES = 4 * 1024 * 1024;

/** A part on its way to a destination. */
export interface Origin {
  source: string;
  entry: Entry;
  part: PartEntry;
  /** The position behind a number of the part's bytes, and of the entry's records. */
  positionAt: (byte: number, records: number) => Position;
}

/** A part, or the rest of one, that is to be delivered. */
export interface Piece {
  origin: Origin;
  /** Bytes of the part that are there already. */
  from: number;
}

/** A place in a part up to which the destination has everything. */
export interface Step {
  origin: Origin;
  /** Bytes of the part. */
  byte: number;
  /** Records of the entry. */
  records: number;
}

/** Brings parts to a destination. */
export interface Writer {
  /**
   * Delivers parts of an entry, step by step.
   * @param before Records of the entry that are there already.
   */
  write(pieces: readonly Piece[], before: number): AsyncGenerator<Step>;
  /** Called when all parts of a window are there. */
  end(source: string, entry: Entry): Promise<void>;
  /** Whether the position may move. */
  readonly isDecided: boolean;
  /** @throws DestinationError if it may not, and nothing more is there to decide it. */
  requireDecided(): void;
  readonly delivered: number;
  readonly shortened: number;
}

/** For a destination that takes records. */
export function createRecordWriter(log: Log, sender: BatchSender, limits: Limits, signal: AbortSignal): Writer {
  return {
    async *write(pieces, before) {
      let records = before;
      const reading = new AbortController();
      for await (const { origin, batch } of readingAhead(
        batchesIn(log, pieces, limits, reading.signal),
        Math.max(AHEAD_BYTES, 2 * limits.batchBytes),
        reading,
      )) {
        signal.throwIfAborted();
        await sender.send(origin, batch.records, batch.to, records);
        records += batch.records.length;
        yield { origin, byte: batch.to, records };
      }
    },
    end: async () => undefined,
    get isDecided() {
      return sender.isDecided;
    },
    requireDecided: () => sender.requireDecided(),
    get delivered() {
      return sender.delivered;
    },
    get shortened() {
      return sender.shortened;
    },
  };
}

interface Cut {
  origin: Origin;
  batch: Batch;
}

async function* batchesIn(
  log: Log,
  pieces: readonly Piece[],
  limits: Limits,
  signal: AbortSignal,
): AsyncGenerator<Cut> {
  for (const { origin, from } of pieces) {
    for await (const batch of batchesOf(log, origin.part, from, limits, signal)) yield { origin, batch };
  }
}

/** Reads on while a batch is delivered, until so many bytes are held with it: never behind a record that is larger. */
async function* readingAhead(
  cuts: AsyncGenerator<Cut>,
  aheadBytes: number,
  reading: AbortController,
): AsyncGenerator<Cut> {
  const asked: Promise<IteratorResult<Cut>>[] = [];
  let held = 0;
  let isReading = false;

  function readOn(): void {
    if (isReading || held >= aheadBytes) return;
    isReading = true;
    const next = cuts.next();
    asked.push(next);
    next.then(
      (cut) => {
        if (cut.done) return;
        isReading = false;
        held += bytesOf(cut.value);
        readOn();
      },
      // Whoever takes it is told.
      () => undefined,
    );
  }

  try {
    readOn();
    for (let next = asked.shift(); next; next = asked.shift()) {
      const cut = await next;
      if (cut.done) return;
      yield cut.value;
      held -= bytesOf(cut.value);
      readOn();
    }
  } finally {
    // What is read ahead nobody waits for any more, and a part may take long.
    reading.abort();
    await cuts.return(undefined);
  }
}

const bytesOf = ({ batch: { from, to } }: Cut): number => to - from;

/** For a destination that takes parts as they are. */
export function createPartWriter(log: Log, destination: PartDestination, signal: AbortSignal): Writer {
  let delivered = 0;
  return {
    async *write(pieces, before) {
      let records = before;
      for (const { origin } of pieces) {
        const { source, entry, part } = origin;
        let lines = 0;
        async function* content(): AsyncGenerator<Buffer> {
          lines = 0;
          for await (const chunk of log.content(part)) {
            for (let i = chunk.indexOf(NEWLINE); i !== -1; i = chunk.indexOf(NEWLINE, i + 1)) lines += 1;
            yield chunk;
          }
        }
        signal.throwIfAborted();
        await destination.deliverPart({ source, window: entry.window, ...part, content }, signal);
        delivered += lines;
        records += lines;
        yield { origin, byte: part.bytes, records };
      }
    },
    async end(source, { n, window, line, parts }) {
      if (line !== null) await destination.deliverWindow({ source, window, n, line, parts }, signal);
    },
    isDecided: true,
    requireDecided: () => undefined,
    get delivered() {
      return delivered;
    },
    shortened: 0,
  };
}
