import type { Span } from './window';

/** A sink's word that a batch is durable. It travels through Temporal's history: ids, counts and hashes only. */
export interface Receipt {
  /** Under what name the sink finds the batch again; of no meaning to anyone else. */
  name: string;
  records: number;
  bytes: number;
  /** SHA-256 of the batch as the sink wrote it, in hex. */
  sha256: string;
}

/** A chat whose messages in the window were read completely; no receipts if it had none. Receipts are in message order. */
export interface ReadChat {
  chatId: string;
  receipts: Receipt[];
  /** Of a chat that was parked: the span that was read, which may begin windows before. */
  healed?: Span;
  /** Messages that came again with another content, on the page where they came first: the first one counts. */
  conflicts?: number;
}

/** A chat that was parked and has come out. */
export interface Healed extends Span {
  chatId: string;
  records: number;
}

/** What a window holds so far. */
export interface Totals {
  chats: number;
  records: number;
}

export interface Published {
  totals: Totals;
  /** All that have come out in this window so far. */
  healed: Healed[];
  /** Chats of the window that answered that they are gone, each once. */
  gone: number;
  /** Messages of the window that came again with another content, within a page or across the pages of a chat. */
  conflicts: number;
  /** The window was closed before: nothing was changed, and the totals are those of its ledger line. */
  closed: boolean;
  /** It was closed as one that a rewind gave up, and need not hold everything. */
  abandoned?: true;
}

export const recordsOf = (chats: readonly ReadChat[]): number =>
  chats.flatMap((chat) => chat.receipts).reduce((sum, receipt) => sum + receipt.records, 0);

/** Those of the chats that had been parked. @param records How many of a chat came out. */
export const healedOf = (
  chats: readonly ReadChat[],
  records = (chat: ReadChat): number => recordsOf([chat]),
): Healed[] =>
  chats.flatMap((chat) => (chat.healed ? [{ chatId: chat.chatId, ...chat.healed, records: records(chat) }] : []));
