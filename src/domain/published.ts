import type { ListingMode } from './checkpoint';
import type { Span } from './window';

/** The archive's receipt for a durable batch. It is kept in Temporal's history: ids, counts and hashes only. */
export interface Receipt {
  /** The archive's own name for the batch; opaque to everyone else. */
  name: string;
  records: number;
  bytes: number;
  /** SHA-256 of the batch as the archive wrote it, in hex. */
  sha256: string;
}

/** A chat whose messages in the window were all read. Receipts are in message order; none if it had no messages. */
export interface ReadChat {
  chatId: string;
  receipts: Receipt[];
  /** For a chat that was parked: the span that was read now, which may begin in an earlier window. */
  healed?: HealedSpan;
  /** Messages repeated on their page with different content; the first copy was kept. */
  conflicts?: number;
}

/** What was read of a chat that was parked. */
export interface HealedSpan extends Span {
  /** It had been read, and a comparison with the API found that messages of it were missing. */
  missed?: true | undefined;
}

/** A parked chat whose missing messages are published now. */
export interface Healed extends HealedSpan {
  chatId: string;
  records: number;
}

/** A line of the archive's ledger: its number, and the SHA-256 of its bytes, by which a change before it is noticed. */
export interface Head {
  n: number;
  sha256: string;
}

/** What was asked of the API. */
export interface Query {
  listing: ListingMode;
  messages: 'new' | 'all';
  /** Hash of the three filters; null: none is set. */
  filters: string | null;
}

/** What the archive holds of a window so far. */
export interface Totals {
  chats: number;
  records: number;
}

export interface Published {
  totals: Totals;
  /** All parked chats published in this window so far. */
  healed: Healed[];
  /** Chats of the window that the API reported as gone, each counted once. */
  gone: number;
  /** Messages of the window repeated with different content, on one page or across the pages of a chat. */
  conflicts: number;
  /** The window was closed before: nothing was changed, and the totals come from its ledger line. */
  closed: boolean;
  /** A rewind gave the window up, so it may be incomplete. */
  abandoned?: true;
}

/** How many records the chats' receipts stand for. */
export const recordsOf = (chats: readonly ReadChat[]): number =>
  chats.flatMap((chat) => chat.receipts).reduce((sum, receipt) => sum + receipt.records, 0);

/** The chats that had been parked. @param records How many records of a chat were published. */
export const healedOf = (
  chats: readonly ReadChat[],
  records = (chat: ReadChat): number => recordsOf([chat]),
): Healed[] =>
  chats.flatMap((chat) => (chat.healed ? [{ chatId: chat.chatId, ...chat.healed, records: records(chat) }] : []));
