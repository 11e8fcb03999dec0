import { z } from 'zod';
import { listingModeSchema } from '../../domain/checkpoint';
import { operatorEventShapes } from '../../domain/operator-events';

/** A chat that had been parked, and came out. */
export const healedSchema = z.object({
  chatId: z.string(),
  from: z.string(),
  to: z.string(),
  records: z.number(),
  /** A comparison with the API had found that messages of it were missing. */
  missed: z.literal(true).optional(),
});

/** A chat of which messages came again with another content. */
export const conflictSchema = z.object({ chatId: z.string(), records: z.number() });

/** What was asked of the API, so that a line says which messages are not in its window's parts. */
export const querySchema = z.object({
  listing: listingModeSchema,
  messages: z.enum(['new', 'all']),
  /** Hash of ORGANIZATION_IDS, PROJECT_IDS and USER_IDS; null: no filter. */
  filters: z.string().nullable(),
});

/** ORGANIZATION_IDS, PROJECT_IDS and USER_IDS. */
export const filterIdsSchema = z.object({
  organizationIds: z.array(z.string()),
  projectIds: z.array(z.string()),
  userIds: z.array(z.string()),
});

const lineSchema = z.object({
  /** The line's number, from 1. Absent in lines of builds that did not chain them. */
  n: z.number().optional(),
  epoch: z.number(),
  from: z.string(),
  to: z.string(),
  outcome: z.enum(['completed', 'abandoned']),
  chats: z.number(),
  records: z.number(),
  parts: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })),
  /** The API's, of the last page of the chat lists. */
  requestId: z.string().nullable(),
  /** And of the first one. */
  firstRequestId: z.string().nullable().optional(),
  /** When the line was written, and by which build. */
  at: z.string().optional(),
  build: z.string().optional(),
  query: querySchema.optional(),
  /** Chats of which the window's messages could not be read. */
  parked: z.array(z.string()).optional(),
  /** The first line of a new epoch. */
  rewound: z.literal(true).optional(),
  healed: z.array(healedSchema).optional(),
  /** Chats that answered that they are gone, some of them after a part of their messages. */
  gone: z.array(z.string()).optional(),
  /** Chats with messages that came again with another content: the first one was kept. */
  conflicts: z.array(conflictSchema).optional(),
  /** Lists that were damaged when the window was given up: what they published is not named here. */
  unreadableLists: z.number().optional(),
  /** SHA-256 of the line before, its newline included: 64 zeros before the first. */
  prev: z.string().optional(),
  /** Ed25519, Base64, over the line's text without this field. */
  signature: z.string().optional(),
});
/** One window in the ledger, its fields in the order in which they are written. */
export type LedgerLine = z.infer<typeof lineSchema>;

/** What every event has beside its own. */
const eventShape = { n: z.number(), at: z.string(), prev: z.string(), signature: z.string().optional() };

const removedSchema = z.object({
  ...eventShape,
  /** The parts of the windows from line `from` to line `through` are gone, as those before are. */
  event: z.literal('removed'),
  from: z.number(),
  through: z.number(),
  parts: z.number(),
  bytes: z.number(),
});
export type RemovedLine = z.infer<typeof removedSchema>;

const keySchema = z.object({
  ...eventShape,
  /** This line and those behind it are signed with another key: SPKI, Base64. */
  event: z.literal('key'),
  publicKey: z.string(),
});

const filtersSchema = z.object({
  ...eventShape,
  /** The windows behind this line were read with other filters: these, by their hash in `query`. */
  event: z.literal('filters'),
  filters: z.string().nullable(),
  ...filterIdsSchema.shape,
});
export type FiltersLine = z.infer<typeof filtersSchema>;

const eventSchema = z.discriminatedUnion('event', [
  removedSchema,
  keySchema,
  filtersSchema,
  z.object({ ...eventShape, ...operatorEventShapes.paused }),
  z.object({ ...eventShape, ...operatorEventShapes.resumed }),
  z.object({ ...eventShape, ...operatorEventShapes.rewound }),
  z.object({ ...eventShape, ...operatorEventShapes.verified }),
]);
/** Something that happened to the archive, as a line of the ledger between those of windows. */
export type EventLine = z.infer<typeof eventSchema>;

/** An event as it is asked for: where it comes in the ledger is not known yet. */
export type NewEvent = EventLine extends infer Line
  ? Line extends EventLine
    ? Omit<Line, 'n' | 'at' | 'prev' | 'signature'>
    : never
  : never;

export type AnyLine = LedgerLine | EventLine;
export const isEvent = (line: AnyLine): line is EventLine => 'event' in line;

/** Before the first line. */
export const NO_LINE = '0'.repeat(64);

/** Of a line, and of one of a build that did not number them. */
const BEGINNINGS = ['{"n":', '{"epoch":'];
/** The signature is the last field: what came behind it would be signed by nobody. */
const SIGNED = /^(.*),"signature":"([\w+/=]*)"\} *\n$/s;
const NEWLINE = 0x0a;
const FIRST_PRINTABLE = 0x20;

/**
 * @param cover How many bytes of a torn line it is written over.
 * @param sign Signs the line's text.
 */
export function toText(line: AnyLine, cover: number, sign?: (text: string) => string): string {
  const plain = JSON.stringify(inOrder(line));
  const text = sign ? `${plain.slice(0, -1)},"signature":"${sign(plain)}"}` : plain;
  return `${text}${' '.repeat(Math.max(0, cover - Buffer.byteLength(text) - 1))}\n`;
}

/** A line's signature and what it is over; null for a line that does not end in one. */
export function signatureIn(line: Buffer): { text: string; signature: string } | null {
  const [, text, signature] = SIGNED.exec(line.toString()) ?? [];
  return text === undefined || signature === undefined ? null : { text: `${text}}`, signature };
}

function inOrder(line: AnyLine): object {
  if (isEvent(line)) {
    const { n, event, at, prev, ...own } = line;
    return { n, event, at, ...own, prev };
  }
  const { n, epoch, from, to, outcome, chats, records, parts, requestId, prev, ...more } = line;
  return { n, epoch, from, to, outcome, chats, records, parts, requestId, ...more, prev };
}

/** Null: the line was cut short, or not all of it reached the disk. `garbage`: none that we wrote. */
export function parseLine(bytes: Buffer): AnyLine | null | 'garbage' {
  if (isTorn(bytes)) return null;
  try {
    return z.union([eventSchema, lineSchema]).parse(JSON.parse(bytes.toString()));
  } catch {
    return 'garbage';
  }
}

/** After a loss of power a file may have its new size, and zeros where nothing was written. */
function isTorn(bytes: Buffer): boolean {
  const isWhole = bytes.at(-1) === NEWLINE;
  const zero = bytes.indexOf(0);
  if (isWhole && zero === -1) return false;
  const head = bytes.toString('latin1', 0, zero === -1 ? bytes.length : zero);
  const begins = BEGINNINGS.some((beginning) => head.startsWith(beginning) || beginning.startsWith(head));
  return begins && bytes.subarray(0, isWhole ? -1 : undefined).every((byte) => byte === 0 || byte >= FIRST_PRINTABLE);
}
