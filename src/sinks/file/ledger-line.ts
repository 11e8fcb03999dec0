import { z } from 'zod';
import { conflictSchema, healedSchema } from './lists';

const lineSchema = z.object({
  epoch: z.number(),
  from: z.string(),
  to: z.string(),
  outcome: z.enum(['completed', 'abandoned']),
  chats: z.number(),
  records: z.number(),
  parts: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })),
  requestId: z.string().nullable(),
  /** The first line of a new epoch. */
  rewound: z.literal(true).optional(),
  healed: z.array(healedSchema).optional(),
  /** Chats that answered that they are gone, some of them after a part of their messages. */
  gone: z.array(z.string()).optional(),
  /** Chats with messages that came again with another content: the first one was kept. */
  conflicts: z.array(conflictSchema).optional(),
  /** Lists that were damaged when the window was given up: what they published is not named here. */
  unreadableLists: z.number().optional(),
});
/** One window in the ledger, its fields in the order in which they are written. */
export type LedgerLine = z.infer<typeof lineSchema>;

const BEGINNING = '{"epoch":';
const NEWLINE = 0x0a;
const FIRST_PRINTABLE = 0x20;

/** @param cover How many bytes of a torn line it is written over. */
export function toText(line: LedgerLine, cover: number): string {
  const { healed, gone, conflicts, unreadableLists, ...first } = line;
  const text = JSON.stringify({ ...first, healed, gone, conflicts, unreadableLists });
  return `${text}${' '.repeat(Math.max(0, cover - Buffer.byteLength(text) - 1))}\n`;
}

/** Null: the line was cut short, or not all of it reached the disk. `garbage`: none that we wrote. */
export function parseLine(bytes: Buffer): LedgerLine | null | 'garbage' {
  if (isTorn(bytes)) return null;
  try {
    return lineSchema.parse(JSON.parse(bytes.toString()));
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
  const begins = head.startsWith(BEGINNING) || BEGINNING.startsWith(head);
  return begins && bytes.subarray(0, isWhole ? -1 : undefined).every((byte) => byte === 0 || byte >= FIRST_PRINTABLE);
}
