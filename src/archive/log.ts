import type { Window } from '../domain/window';
import { ArchiveError } from './archive';

/** Whether a ledger is not the one of which something is known: an older copy, or another one. */
export const isOfAnotherLedger = (error: unknown): boolean =>
  error instanceof ArchiveError && (error.code === 'LEDGER_BEHIND' || error.code === 'LEDGER_CHANGED');

/** A part as the log names it. */
export interface PartEntry {
  /** Below the archive's folder, with `/`. */
  path: string;
  bytes: number;
  sha256: string;
}

/** A window in an archive's log, in the order of which everything that reads the archive sees it. */
export interface Entry {
  /** From 1: the number of its line in the ledger, or, of the window that is open, of the next line, which may be another's yet. */
  n: number;
  window: Window;
  parts: PartEntry[];
  /** Records of these parts. */
  records: number;
  /** How it ended; null for the window that is open, which grows at its end. */
  outcome: 'completed' | 'abandoned' | null;
  /** When its line was written; null for the window that is open, and for lines of builds that did not say so. */
  at: string | null;
  /** Its query was `MESSAGES=all`: what earlier windows hold of a chat comes again. */
  isRepeating: boolean;
  /** Its parts are gone, by `ARCHIVE_KEEP`. */
  isRemoved: boolean;
  /** Its line of the ledger, without the line end, and the SHA-256 of its bytes; null for the window that is open. */
  line: string | null;
  sha256: string | null;
}

/** Where readers keep what is theirs, beside the log. */
export type ReaderFolder = 'positions' | 'refused' | 'shortened' | 'chats';

/** A file beside the log that belongs to one reader. */
export interface ReaderFile {
  /** Null if there is none, or none that is whole. */
  read(): Promise<string | null>;
  /** Puts the text in the place of what is there, whole. @param durable It is on disk when this resolves. */
  write(text: string, durable: boolean): Promise<void>;
}

/** An archive as its readers see it. Methods throw ArchiveError. */
export interface Log {
  /** The archive's id; null for one that was never claimed. */
  id(): Promise<string | null>;
  /**
   * Entries from number `n` on.
   * @param after What the SHA-256 of the line before was when it was read; null: not known.
   * @throws ArchiveError `LEDGER_BEHIND`, `LEDGER_CHANGED`, `LEDGER_UNREADABLE`
   */
  entries(n: number, after?: string | null): AsyncIterable<Entry>;
  /**
   * The lines of a part from a byte on, some at a time, each with its line end. Its size and hash are compared first, so that nothing comes out
   * of a part that is not what was written.
   * @param signal Ends it, with an error: a part may take long to read.
   * @throws ArchiveError `PART_DAMAGED`, `PART_MISSING`
   */
  lines(part: PartEntry, from: number, signal?: AbortSignal): AsyncIterable<Buffer[]>;
  /** The bytes of a part between two of them, unchecked; null if it is not there. @param to Absent: to its end. */
  slice(path: string, from: number, to: number | undefined): Promise<AsyncIterable<Buffer> | null>;
  /** The bytes of a part, compared with its size and hash in the same way. */
  content(part: PartEntry): AsyncIterable<Buffer>;
  /**
   * Lines of a part, by where they begin, each with its line end; null for one that is not there. The part is compared as by `lines`.
   * @param from An entry at or before that of the part.
   */
  linesAt(from: number, path: string, at: readonly number[]): Promise<(Buffer | null)[]>;
  /**
   * Removes the parts of entries before number `before`, as far as their line is older than a time. The ledger says so.
   * @param olderThan Null: whatever their age.
   * @param keep Paths of parts that stay.
   */
  remove(before: number, olderThan: string | null, keep: ReadonlySet<string>): Promise<void>;
  /** The number of the entry up to which parts are removed, as the ledger says now; 0: none are. */
  removedThrough(): Promise<number>;
  /** The file in which a reader keeps its position, or other things of its own. */
  file(folder: ReaderFolder, name: string): ReaderFile;
}
