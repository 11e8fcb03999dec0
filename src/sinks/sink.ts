import type { Head, ReadChat, Published, Query, Receipt, Totals } from '../domain/published';
import type { MessageRecord } from '../domain/record';
import type { Window } from '../domain/window';

/** One page of one chat's messages, in ascending order. */
export interface Batch {
  window: Window;
  chatId: string;
  /** Made as they are asked for, so that no more than one is in memory: to be gone through once. */
  records: Iterable<MessageRecord>;
}

/** How a window ended, for the chain of custody. */
export interface Closing {
  outcome: 'completed' | 'abandoned';
  totals: Totals;
  /** The API's, of the last page of the chat lists, and of the first one. */
  requestId: string | null;
  firstRequestId?: string | null;
  build?: string;
  query?: Query;
  /** Chats of which the window's messages could not be read. */
  parked?: string[];
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
  /**
   * Closes the window. Throws if the sink holds other totals than `closing` says. For a closed window: changes nothing.
   * @returns its line of the ledger; null where there is none.
   */
  commit?(window: Window, closing: Closing, signal?: AbortSignal): Promise<Head | null>;
  /** Whether that line is there as it was: neither changed nor cut off. */
  holds?(head: Head): Promise<boolean>;
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
