import { z } from 'zod';
import { count, time } from './checkpoint';

/** What is compared with the API. */
export const verifyRequestSchema = z.object({
  /**
   * `messages`: the messages of every chat that changed since `from`. `chats`: which chats there are, and the messages of those that the
   * archive does not know. `census`: the same, and the messages of chats that changed since the census before the last.
   */
  what: z.enum(['messages', 'chats', 'census']),
  /** Null: from the first message that was asked for, and to the timestamp. */
  from: time.nullable(),
  to: time.nullable(),
  /** Of a census: chats that the archive knows are compared if they changed since a `CENSUS_EVERY` before; null: none of them. */
  since: time.nullable(),
  /** About so many chats, chosen by chance; null: all. */
  sample: z.int().positive().nullable(),
  /** Has what is missing read again by the next sync. */
  repair: z.boolean(),
});
export type VerifyRequest = z.infer<typeof verifyRequestSchema>;

/** What was found, in numbers. */
export const foundSchema = z.object({
  /** Messages that the API has and the archive has not. */
  missing: count,
  /** Of these, messages of chats of which the archive has none. */
  unknownChats: count,
  /** Messages that stand twice. */
  doubled: count,
  /** Messages that the API shows with another content. */
  different: count,
  /** Chats that are gone, deleted, or have fewer messages than the archive has of them; and the messages. */
  goneChats: count,
  goneMessages: count,
});
export type Found = z.infer<typeof foundSchema>;

export const NOTHING_FOUND: Found = {
  missing: 0,
  unknownChats: 0,
  doubled: 0,
  different: 0,
  goneChats: 0,
  goneMessages: 0,
};

/** How a verification ended; `verify --json` prints it, and the ledger keeps it. */
export const verifiedSchema = z.object({
  what: verifyRequestSchema.shape.what,
  from: time,
  to: time,
  sample: z.int().positive().nullable(),
  /** Chats on the API's lists, chats whose messages were compared, and those messages. */
  listed: count,
  compared: count,
  messages: count,
  requests: count,
  ...foundSchema.shape,
  /** Chats that could not be read, and are not compared. */
  unread: count,
  /** Chats that the next sync reads again. */
  recovering: count,
  /** The findings by id, a chat a line, below the archive's folder; null if there are none. */
  findings: z.object({ path: z.string(), sha256: z.string() }).nullable(),
});
export type Verified = z.infer<typeof verifiedSchema>;

/** Whether the archive has every message that the API has, each once, as it is. */
export const isComplete = ({ missing, doubled, different, unread }: Verified): boolean =>
  missing + doubled + different + unread === 0;

/** One line for Temporal's Web UI. */
export function describeVerification(source: string, { what, from, to, sample, repair }: VerifyRequest): string {
  if (what === 'census') return `A census of the source ${source}: chats that the archive does not know`;
  const span = from === null && to === null ? '' : `, ${from ?? 'the start'} to ${to ?? 'now'}`;
  const some = sample === null ? '' : `, about ${sample} chats`;
  return `A verification of the source ${source}: ${what}${span}${some}${repair ? ', with repair' : ''}`;
}
