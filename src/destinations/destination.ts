import type { Window } from '../domain/window';
import type { Position } from '../domain/delivery';
import type { EncodedRecord } from './encoded-record';

/** Records that follow each other in the archive, to be delivered together. */
export interface Delivery {
  source: string;
  /** Where the first record begins, and where the last one ends. */
  at: Position;
  next: Position;
  window: Window;
  /** A name for these very bytes: the SHA-256 of archive, source, part and the range of bytes in it, in hex. */
  key: string;
  /** At least one. A record never changes, and neither does the key of a delivery that is repeated. */
  records: readonly EncodedRecord[];
  /**
   * To be awaited by a destination that moves the position itself, right before it does, with what it refuses of these: what is refused is
   * then noted, whatever crashes.
   */
  committing?: (refused: readonly Refusal[]) => Promise<void>;
}

/** What a destination said of a delivery. */
export interface Delivered {
  /** What it will never take, by name: the other records are durable there. `code` is from a fixed list. */
  refused: readonly Refusal[];
}
export interface Refusal {
  id: string;
  code: string;
}

/** A part of the archive as a whole. */
export interface PartDelivery {
  source: string;
  window: Window;
  /** Its path below the archive's folder, with `/`. */
  path: string;
  bytes: number;
  sha256: string;
  /** Its bytes, from the start; may be asked for again. */
  content(): AsyncIterable<Buffer>;
}

/** A window of which everything is delivered: its entry of the log, as one line of JSON. */
export interface WindowDelivery {
  source: string;
  window: Window;
  n: number;
  line: string;
  parts: readonly Pick<PartDelivery, 'path' | 'bytes' | 'sha256'>[];
}

interface AnyDestination {
  /** Tries what a delivery will need and leaves nothing behind. @throws DestinationError */
  check(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/**
 * A destination that takes records. Every method may be called again with the same delivery, by another worker, or after a
 * crash in the middle of an earlier call.
 */
export interface RecordDestination extends AnyDestination {
  /** Resolves when the records are durable there. @throws DestinationError */
  deliver(delivery: Delivery, signal: AbortSignal): Promise<Delivered>;
  /** Where it is, if the position is kept in the records' own transaction: it wins over any other. */
  position?: () => Promise<Position | null>;
  /** Which of the ids are there; absent where nobody can be asked. */
  present?(ids: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
}

/** A destination that takes whole parts, as files. */
export interface PartDestination extends AnyDestination {
  /** Resolves when the part is durable there. @throws DestinationError */
  deliverPart(part: PartDelivery, signal: AbortSignal): Promise<void>;
  /** Called after all of a window's parts. @throws DestinationError */
  deliverWindow(window: WindowDelivery, signal: AbortSignal): Promise<void>;
}

export type Destination = RecordDestination | PartDestination;

/**
 * What to do about a failed delivery. `wait`: try the same again until it works. `refused`: something in it is not taken,
 * which is looked for in halves. `too-large`: the same, and what is too large by itself is shortened.
 */
export type Answer = 'wait' | 'refused' | 'too-large';

/**
 * Thrown by a destination for whatever it answers. The message is made of our own words, the names of settings and numbers:
 * what clients and servers say may quote a message, so it is never repeated, and there is never a cause.
 */
export class DestinationError extends Error {
  override name = 'DestinationError';
  /** @param code Short and stable, as `unauthorized` or `ECONNREFUSED`. */
  constructor(
    readonly code: string,
    message: string,
    readonly answer: Answer = 'wait',
    /** When the destination wants to be asked again, ms from now. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}
