import { z } from 'zod';

const ids = z.array(z.string());

/** What is wrong with one chat of the archive, by a comparison with the API: ids alone. */
export const chatFindingSchema = z.object({
  chatId: z.string(),
  /** Messages that the API has and the archive has not. */
  missing: ids.optional(),
  /** Messages that stand twice. */
  doubled: ids.optional(),
  /** Messages that the API shows with another content. */
  different: ids.optional(),
  /** Messages that the archive has and the API has not any more. */
  gone: ids.optional(),
  /** The archive has no message of it. */
  unknown: z.literal(true).optional(),
  /** The API says that the chat is gone, or deleted. */
  deleted: z.literal(true).optional(),
});
export type ChatFinding = z.infer<typeof chatFindingSchema>;

/** Work of verifications, kept in the archive so that a crash costs nothing. Each method may be called twice. Methods throw ArchiveError. */
export interface Findings {
  /** Forgets what other verifications have left. @param run The verification. */
  begin(run: string): Promise<void>;
  /** @param page Of the chat's messages. */
  add(run: string, page: string, finding: ChatFinding): Promise<void>;
  /** Notes chats that the API lists. @param page Of the list. */
  addListed(run: string, page: string, chatIds: readonly string[]): Promise<void>;
  /** All of them, one a chat. */
  read(run: string): Promise<ChatFinding[]>;
  listed(run: string): Promise<ReadonlySet<string>>;
  /** Keeps the findings as a file for people, a chat a line. @returns its path below the archive's folder, and its SHA-256. */
  keep(run: string, findings: readonly ChatFinding[]): Promise<{ path: string; sha256: string }>;
  /** The time up to which the last census that came to its end compared, as the API's server counts it; null: there was none. */
  lastCensus(): Promise<string | null>;
  censusEnded(through: string): Promise<void>;
  /** Hands chats over to the next sync, which reads them again. */
  recover(chatIds: readonly string[]): Promise<void>;
  /** Some of those that are handed over. @param isWanted Passes over the others; absent: all are. */
  toRecover(limit: number, isWanted?: (chatId: string) => Promise<boolean>): Promise<string[]>;
  /** A sync has taken them over. */
  taken(chatIds: readonly string[]): Promise<void>;
}
