import type { Filters } from '../domain/filters';
import type { OperatorEvent } from '../domain/operator-events';
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
  /** Those of `query`, by their ids: the ledger names them where they change. */
  filterIds?: Filters;
  /** Chats of which the window's messages could not be read. */
  parked?: string[];
}

/** Thrown by an archive for what an operator can mend (disk full, folder unwritable, file missing): the step is retried until it works. */
export class ArchiveError extends Error {
  override name = 'ArchiveError';
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
export class UnsuitableError extends ArchiveError {
  override name = 'UnsuitableError';
}

/**
 * Where a sync writes. `write` resolves only when the batch is durable, and each record is published exactly once.
 * Every method may be called twice, by two workers at once, or after a crash in the middle of an earlier call.
 * Methods throw {@link ArchiveError}; any other error is a bug and is retried as well.
 */
export interface Archive {
  /** Makes one page of one chat's messages durable. Never called with no records. @param signal Ends it early. */
  write(batch: Batch, signal?: AbortSignal): Promise<Receipt>;
  /**
   * Makes complete chats visible to readers, each once a window, each record of a chat once, and returns what the window
   * holds by then.
   * @param gone Chats that the API reported as gone: the ledger names them, unless the window publishes them.
   * @param signal Ends it early; what was published is known to the next call.
   */
  publish(window: Window, chats: ReadChat[], gone?: readonly string[], signal?: AbortSignal): Promise<Published>;
  /**
   * Closes the window. Throws if the archive holds other totals than `closing` says. For a closed window: changes nothing.
   * @returns the window's line of the ledger; null for one of a build that did not chain its lines.
   */
  commit(window: Window, closing: Closing, signal?: AbortSignal): Promise<Head | null>;
  /**
   * Adds what operators did to the ledger, each once, in order.
   * @param archive The id of the archive to which it was done.
   * @returns the last line; null, with nothing added, if that archive is not there.
   */
  record(archive: string, events: readonly OperatorEvent[]): Promise<Head | null>;
  /** Whether that line is there as it was: neither changed nor cut off. */
  holds(head: Head): Promise<boolean>;
  /** The last completed window, or null if there is none yet. */
  last(): Promise<Window | null>;
  /** Windows that hold published chats and were never closed: a state that was brought back has forgotten them. */
  unfinished(): Promise<Window[]>;
  /** Whether the window has published the chat: then its messages need not be requested again. */
  has(window: Window, chatId: string): Promise<boolean>;
  /**
   * Tries whatever the archive will need, and leaves nothing behind. Throws if a write would fail now.
   * @param window Whose archive it must be.
   */
  check(window?: Window): Promise<void>;
  /** The id of the archive that is there now, or null if none is. */
  id(): Promise<string | null>;
  /**
   * Makes the folder the archive with this id, unless it is another one than `over` by now.
   * @param over The id that was found there; null for a folder without one.
   * @returns the id of the archive that is there.
   */
  claim(id: string, over: string | null): Promise<string>;
  /** The path of the first file of the last window that is missing, or of another size; null if all are there. */
  missing(): Promise<string | null>;
}
