import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Signer } from '../evidence-key';
import { ArchiveError } from './archive';
import { keepChatIndex } from './chat-index';
import { hasCode, toArchiveError } from './folder/errors';
import { createFiles } from './folder/files';
import { LEDGER } from './folder/layout';
import { createLedger } from './folder/ledger';
import { isEvent, type LedgerLine, parseLine } from './folder/ledger-line';
import { sha256Of } from './folder/ledger-reader';
import { createLists } from './folder/lists';
import { createMarker } from './folder/marker';
import { createRetention } from './folder/retention';
import { openWindows } from './folder/open-windows';
import type { Entry, Log, PartEntry, ReaderFile, ReaderFolder } from './log';
import { findLine, lineGroupsIn, linesIn, type LineStart, NEWLINE } from './read/lines';

const READ_BYTES = 1024 * 1024;
/** A file that a crash left is no other worker's after this time. */
const LEFT_MS = 3_600_000;
/** Where files of readers are made, in the folder of each kind: one for all, as there may be a file for each window. */
const MAKING = '.making';
const GO_ON = 'Bring the right one back; to go on with this one, `chat-sync rewind --destination`.';

/**
 * The log of an archive in a folder, for its readers. Reading changes nothing there.
 * @param dir FILE_DIR
 * @param readSigner With what a line about removed parts is signed.
 */
export function createFolderLog(dir: string, source: string, readSigner?: () => Promise<Signer>): Log {
  const root = resolve(dir);
  const folder = join(root, source);
  const files = createFiles(fs, root);
  const marker = createMarker(files, source);
  const ledger = createLedger(files, source, readSigner);
  const lists = createLists(files, source);
  const retention = createRetention(files, folder, ledger, (entry) => keepChatIndex(log, entry));
  let seen: string | null = null;

  async function id(): Promise<string | null> {
    const found = await marker.read();
    // What was read in another folder is forgotten.
    if (found !== seen) lists.forget();
    seen = found;
    return found;
  }

  async function* entries(from: number, after: string | null = null): AsyncGenerator<Entry> {
    const closed = yield* closedEntries(from, after);
    if (closed < from - 1) {
      throw new ArchiveError(
        'LEDGER_BEHIND',
        `${files.nameOf(join(folder, LEDGER))} ends at line ${closed}, and more than that was read before: is it an older copy? ${GO_ON}`,
      );
    }
    const open = await openWindows(lists, ledger);
    const [window] = open;
    // With several it is not known which of them will be closed first.
    if (window === undefined || open.length > 1) return;
    const { parts, totals } = await lists.read(window);
    const there: PartEntry[] = [];
    for (const part of parts) {
      // Its name is given after it is listed.
      if (!(await files.exists(join(folder, part.path)))) break;
      there.push(part);
    }
    // A window that is closed by now is read by its line.
    if ((await ledger.find(window)) !== null) return;
    const facts = {
      parts: there,
      records: totals.records,
      outcome: null,
      at: null,
      isRemoved: false,
      isRepeating: false,
      line: null,
      sha256: null,
    };
    yield { n: closed + 1, window, ...facts };
  }

  /** The ledger's lines from `from` on, each compared with the hash in the next one. @returns how many lines there are. */
  async function* closedEntries(from: number, after: string | null = null): AsyncGenerator<Entry, number> {
    const { through } = await ledger.removed();
    const { at: start, before: skipped } = await startOf(from - 1);
    let n = skipped;
    let before: string | null = null;
    // Each is handed on when the one behind it has said that it is what was written.
    let pending: Entry | null = null;
    for await (const bytes of ledgerLines(start)) {
      const line = parseLine(bytes);
      // Cut short: it is written anew.
      if (line === null) break;
      n += 1;
      if (line === 'garbage' || (line.n !== undefined && line.n !== n)) throw unreadable(n);
      if (before !== null && line.prev !== undefined && line.prev !== before) throw unreadable(n - 1);
      if (pending) yield pending;
      before = sha256Of(bytes);
      pending = n < from || isEvent(line) ? null : entryOf(n, line, before, bytes, n <= through);
      if (n === from - 1 && after !== null && before !== after) {
        throw new ArchiveError(
          'LEDGER_CHANGED',
          `Line ${n} of ${files.nameOf(join(folder, LEDGER))} is not the one that was read before: is it another copy? ${GO_ON}`,
        );
      }
    }
    if (pending) yield pending;
    return n;
  }

  const unreadable = (n: number): ArchiveError =>
    new ArchiveError(
      'LEDGER_UNREADABLE',
      `Line ${n} of ${files.nameOf(join(folder, LEDGER))} is not what was written: restore it.`,
    );

  async function startOf(line: number): Promise<LineStart> {
    if (!(await files.exists(join(folder, LEDGER)))) return { at: 0, before: 0 };
    return findLine(stream(LEDGER), line);
  }

  async function* ledgerLines(start: number): AsyncGenerator<Buffer> {
    if (await files.exists(join(folder, LEDGER))) yield* linesIn(stream(LEDGER, start));
  }

  const stream = (path: string, start = 0, signal?: AbortSignal): AsyncIterable<Buffer> =>
    createReadStream(join(folder, path), { start, highWaterMark: READ_BYTES, ...(signal && { signal }) });

  /** @throws ArchiveError if the part is not what the log says. */
  async function requirePart({ path, bytes, sha256 }: PartEntry, signal?: AbortSignal): Promise<void> {
    const hash = createHash('sha256');
    let size = 0;
    try {
      for await (const chunk of stream(path, 0, signal)) {
        hash.update(chunk);
        size += chunk.length;
      }
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
      throw new ArchiveError('PART_MISSING', `${files.nameOf(join(folder, path))} is not there: bring it back.`);
    }
    if (size === bytes && hash.digest('hex') === sha256) return;
    throw new ArchiveError(
      'PART_DAMAGED',
      `${files.nameOf(join(folder, path))} is not what was written: restore it from a copy.`,
    );
  }

  async function* lines(part: PartEntry, from: number, signal?: AbortSignal): AsyncGenerator<Buffer[]> {
    await requirePart(part, signal);
    yield* lineGroupsIn(stream(part.path, from, signal));
  }

  async function* content(part: PartEntry): AsyncGenerator<Buffer> {
    await requirePart(part);
    yield* stream(part.path);
  }

  async function slice(path: string, from: number, to: number | undefined): Promise<AsyncIterable<Buffer> | null> {
    if (!(await files.exists(join(folder, path)))) return null;
    return createReadStream(join(folder, path), { start: from, ...(to !== undefined && { end: to - 1 }) });
  }

  async function linesAt(from: number, path: string, at: readonly number[]): Promise<(Buffer | null)[]> {
    const part = await partAt(from, path);
    if (part === null || !(await files.exists(join(folder, path)))) return at.map(() => null);
    await requirePart(part);
    return Promise.all(at.map((byte) => lineAt(path, byte)));
  }

  async function partAt(from: number, path: string): Promise<PartEntry | null> {
    for await (const { parts } of entries(from)) {
      const part = parts.find((one) => one.path === path);
      if (part) return part;
    }
    return null;
  }

  async function lineAt(path: string, at: number): Promise<Buffer | null> {
    for await (const found of linesIn(stream(path, at))) return found.at(-1) === NEWLINE ? found : null;
    return null;
  }

  function file(kind: ReaderFolder, name: string): ReaderFile {
    const path = join(folder, kind, name);
    let own: string | undefined;
    return {
      read: saying(() => files.readText(path)),
      write: saying(async (text: string, isDurable: boolean) => {
        if (own === undefined) {
          own = await files.folder(source, kind, MAKING);
          await tidyUp(own);
        }
        await files.replace(path, text, own, isDurable);
      }),
    };
  }

  /** Removes what crashes have left behind. */
  async function tidyUp(path: string): Promise<void> {
    for (const name of await fs.readdir(path)) {
      const { mtimeMs } = await fs.stat(join(path, name)).catch(() => ({ mtimeMs: Infinity }));
      if (mtimeMs < Date.now() - LEFT_MS) await files.discard(join(path, name));
    }
  }

  function saying<A extends unknown[], R>(step: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
    return (...args) =>
      step(...args).catch(async (error: unknown) => {
        throw await toArchiveError(error, dir, fs);
      });
  }

  function sayingOf<A extends unknown[], T>(step: (...args: A) => AsyncIterable<T>): (...args: A) => AsyncGenerator<T> {
    return async function* (...args) {
      try {
        yield* step(...args);
      } catch (error) {
        throw await toArchiveError(error, dir, fs);
      }
    };
  }

  const log: Log = {
    id: saying(id),
    entries: sayingOf(entries),
    lines: sayingOf(lines),
    content: sayingOf(content),
    slice: saying(slice),
    linesAt: saying(linesAt),
    removedThrough: saying(async () => (await ledger.removed()).through),
    remove: saying((before: number, olderThan: string | null, keep: ReadonlySet<string>) =>
      retention.remove(closedEntries, { before, olderThan, keep }),
    ),
    file,
  };
  return log;
}

function entryOf(n: number, line: LedgerLine, sha256: string, bytes: Buffer, isRemoved: boolean): Entry {
  const { epoch, from, to, parts, records, outcome, query, at = null } = line;
  const isRepeating = query?.messages === 'all';
  return {
    ...{ n, window: { epoch, from, to }, parts, records, outcome, at, isRemoved, isRepeating },
    ...{ line: bytes.toString('utf8').trimEnd(), sha256 },
  };
}
