import type { MessageRecord } from '../record';

/** A half-open span `[from, to)` of message creation time that one sync covers. Times are ISO 8601, UTC, on whole seconds. */
export interface Window {
  /** Raised by each `rewind`: windows of one epoch follow each other without a gap or an overlap. */
  epoch: number;
  from: string;
  to: string;
  /** The id of the archive that it belongs to: nothing of the window is written anywhere else. Absent where a sink has none. */
  archive?: string | undefined;
}

/** One page of one chat's messages, in ascending order. */
export interface Batch {
  window: Window;
  chatId: string;
  /** Made as they are asked for, so that no more than one is in memory: to be gone through once. */
  records: Iterable<MessageRecord>;
}

/** A sink's word that a batch is durable. It travels through Temporal's history: ids, counts and hashes only. */
export interface Receipt {
  /** Under what name the sink finds the batch again; of no meaning to anyone else. */
  name: string;
  records: number;
  bytes: number;
  /** SHA-256 of the batch as the sink wrote it, in hex. */
  sha256: string;
}

/** A half-open span of message creation time. */
export type Span = Pick<Window, 'from' | 'to'>;

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

/** How a window ended; `requestId` is that of the API's last list page, for the chain of custody. */
export interface Closing {
  outcome: 'completed' | 'abandoned';
  totals: Totals;
  requestId: string | null;
}

/** Thrown by a sink for what an operator can mend (disk full, folder unwritable, file missing): the step is retried until it works. */
export class SinkError extends Error {
  override name = 'SinkError';
  /** @param code Short and stable, as `ENOSPC`; goes into Temporal's history, so neither paths of chats nor message text. */
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Thrown by `check` for a place that can never do, whatever is mended there: the settings have to name another one. */
export class UnsuitableError extends SinkError {
  override name = 'UnsuitableError';
}

/**
 * Where records go. A sink promises that `write` resolves only when the batch is durable. One that can do more has the
 * optional methods; what is absent is taken as "delivers at least once, de-duplicate on the record's id".
 * Every method may be called twice, by two workers at once, or after a crash in the middle of an earlier call.
 * Methods throw {@link SinkError}; any other error is a bug and is retried as well.
 */
export interface Sink {
  readonly name: string;
  /** Makes one page of one chat's messages durable. Never called with no records. @param signal Ends it early. */
  write(batch: Batch, signal?: AbortSignal): Promise<Receipt>;
  /**
   * Makes complete chats visible to readers, each once a window, each record of a chat once, and returns what the window
   * holds by then.
   * @param gone Chats that answered that they are gone: named in the ledger, unless the window publishes them.
   * @param signal Ends it early; what was published is known to the next call.
   */
  publish?(window: Window, chats: ReadChat[], gone?: readonly string[], signal?: AbortSignal): Promise<Published>;
  /** Closes the window. Throws if the sink holds other totals than `closing` says. For a closed window: changes nothing. */
  commit?(window: Window, closing: Closing, signal?: AbortSignal): Promise<void>;
  /** The last completed window, or null if there is none yet. */
  last?(): Promise<Window | null>;
  /** Windows that hold published chats and were never closed: what a state that was brought back has forgotten. */
  unfinished?(): Promise<Window[]>;
  /**
   * Whether the window holds the chat already: then its messages need not be asked for again. Without it a chat that came
   * out, is met again and then fails is parked, and comes out twice.
   */
  has?(window: Window, chatId: string): Promise<boolean>;
  /**
   * Tries whatever the sink will need, and leaves nothing behind. Throws if a write would fail now.
   * @param window Whose archive it must be.
   */
  check?(window?: Window): Promise<void>;
  /** The id of the archive that is there now, or null if none is. Only of a sink that has a place which may be mistaken. */
  archive?(): Promise<string | null>;
  /**
   * Makes the place the archive with this id, unless it is another one than `over` by now.
   * @param over What `archive` said: null for a place without one.
   * @returns the id of the archive that is there.
   */
  claim?(id: string, over: string | null): Promise<string>;
  /** The path of the first thing that the last window says is there and that is not, or is of another size; null if all is. */
  missing?(): Promise<string | null>;
  close?(): Promise<void>;
}
