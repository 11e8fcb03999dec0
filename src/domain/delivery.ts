import { z } from 'zod';
import { count, time } from './checkpoint';

/**
 * How far a destination is in an archive's log: everything before it is durable there. An entry is a window, by the number of the
 * line behind the last window's in the ledger: lines of other things may come before its own, and still do while it is open. A byte is
 * one of its parts, laid end to end.
 */
export const positionSchema = z.object({
  /** The archive's id: in another one nothing is delivered yet. */
  archive: z.string().nullable(),
  /** Raised by each `rewind` of the destination, to its time (ms), and where a window comes out otherwise than it was begun. */
  epoch: count,
  entry: z.int().positive(),
  /** The SHA-256 of the ledger's line before that, by which a ledger is told from another copy of it; null for the first one. */
  after: z.string().nullable(),
  byte: count,
  /** The path of the part that ends there, or in which it is; null at the start of an entry. */
  part: z.string().nullable(),
  /** Records of the entry before it. */
  records: count,
});
export type Position = z.infer<typeof positionSchema>;

/** What the log holds behind a position. */
export const behindSchema = z.object({ records: count, parts: count });
export type Behind = z.infer<typeof behindSchema>;

/** The state of a destination's chain: the input of each run of `delivery`, and its memo. */
export const deliveryStateSchema = z.object({
  v: z.literal(1),
  source: z.string(),
  destination: z.string(),
  /** How often it was rewound. */
  epoch: count,
  /** Where the first delivery of the epoch begins: the log's entries whose window ends behind it; null: where its settings say. */
  start: time.nullable(),
  /** What was known of the position last; null before the first delivery. */
  position: positionSchema.nullable(),
  /** The end of the last window of which the destination has everything. */
  deliveredThrough: time.nullable(),
  /** Records that were delivered, ever. */
  records: count,
  behind: behindSchema.nullable(),
  /** Records in its file of refused ones. */
  refused: count,
  /** Records that were delivered shortened, ever. */
  shortened: count,
  /** Records that `ARCHIVE_KEEP` had removed before they were delivered, ever. */
  missed: count,
  /** What it waits for, and since when it does. */
  waiting: z.object({ reason: z.string(), since: time }).optional(),
  paused: z.object({ reason: z.string(), since: time }).optional(),
  /** The refused records are to be tried again. */
  retryRefused: z.literal(true).optional(),
});
export type DeliveryState = z.infer<typeof deliveryStateSchema>;

/** A destination that was never delivered to. */
export const newDeliveryState = (source: string, destination: string): DeliveryState => ({
  v: 1,
  source,
  destination,
  epoch: 0,
  start: null,
  position: null,
  deliveredThrough: null,
  records: 0,
  behind: null,
  refused: 0,
  shortened: 0,
  missed: 0,
});
