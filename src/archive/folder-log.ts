import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ArchiveError } from './archive';
import { hasCode, toArchiveError } from './folder/errors';
import { createFiles } from './folder/files';
import { LEDGER } from './folder/layout';
import { createLedger } from './folder/ledger';
import { isEvent, parseLine } from './folder/ledger-line';
import { sha256Of } from './folder/ledger-reader';
import { createLists } from './folder/lists';
import { createMarker } from './folder/marker';
import { createRetention } from './folder/retention';
import { openWindows } from './folder/open-windows';
import type { Entry, Log, PartEntry, ReaderFile } from './log';
import { lineGroupsIn, linesIn, NEWLINE } from './read/lines';

const READ_BYTES = 1024 * 1024;

/** The log of an archive in a folder, for its readers. Reading changes nothing there. @param dir FILE_DIR */
export function createFolderLog(dir: string, source: string): Log {
  const root = resolve(dir);
  const folder = join(root, source);
  const files = createFiles(fs, root);
  const marker = createMarker(files, source);
  const ledger = createLedger(files, source);
  const lists = createLists(files, source);
  const retention = createRetention(files, folder, ledger);
  let seen: string | null = null;

  async function id(): Promise<string | null> {
    const found = await marker.read();
    // What was read in another folder is forgotten.
    if (found !== seen) lists.forget();
    seen = found;
    return found;
  }

  async function* entries(from: number): AsyncGenerator<Entry> {
    const closed = yield* closedEntries(from);
    if (closed < from - 1) {
      throw new ArchiveError(
        'LEDGER_BEHIND',
        `${files.nameOf(join(folder, LEDGER))} ends at line ${closed}, and more than that was read before: is it an older copy? ` +
          'Bring the right one back; to go on with this one, `chat-sync rewind --destination`.',
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
    const facts = { parts: there, records: totals.records, outcome: null, at: null, isRemoved: false, line: null };
    yield { n: closed + 1, window, ...facts };
  }

  /** The ledger's lines from `from` on, each compared with the hash in the next one. @returns how many lines there are. */
  async function* closedEntries(from: number): AsyncGenerator<Entry, number> {
    const { through } = await ledger.removed();
    let n = 0;
    let last: Buffer | null = null;
    for await (const bytes of ledgerLines()) {
      const before = last;
      last = bytes;
      n += 1;
      if (n < from) continue;
      const line = parseLine(bytes);
      // Cut short: it is written anew.
      if (line === null) return n - 1;
      const isNext = line !== 'garbage' && (line.n === undefined || line.n === n);
      if (!isNext || (before !== null && line.prev !== undefined && line.prev !== sha256Of(before))) {
        throw new ArchiveError(
          'LEDGER_UNREADABLE',
          `Line ${n} of ${files.nameOf(join(folder, LEDGER))} is not what was written: restore it.`,
        );
      }
      if (isEvent(line)) continue;
      const { epoch, from: begin, to, parts, records, outcome, at = null } = line;
      const text = bytes.toString('utf8').trimEnd();
      yield { n, window: { epoch, from: begin, to }, parts, records, outcome, at, isRemoved: n <= through, line: text };
    }
    return last !== null && parseLine(last) === null ? n - 1 : n;
  }

  async function* ledgerLines(): AsyncGenerator<Buffer> {
    if (await files.exists(join(folder, LEDGER))) yield* linesIn(stream(LEDGER));
  }

  const stream = (path: string, start = 0): AsyncIterable<Buffer> =>
    createReadStream(join(folder, path), { start, highWaterMark: READ_BYTES });

  /** @throws ArchiveError if the part is not what the log says. */
  async function requirePart({ path, bytes, sha256 }: PartEntry): Promise<void> {
    const hash = createHash('sha256');
    let size = 0;
    try {
      for await (const chunk of stream(path)) {
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

  async function* lines(part: PartEntry, from: number): AsyncGenerator<Buffer[]> {
    await requirePart(part);
    yield* lineGroupsIn(stream(part.path, from));
  }

  async function* content(part: PartEntry): AsyncGenerator<Buffer> {
    await requirePart(part);
    yield* stream(part.path);
  }

  async function line(path: string, at: number): Promise<Buffer | null> {
    if (!(await files.exists(join(folder, path)))) return null;
    for await (const found of linesIn(stream(path, at))) return found.at(-1) === NEWLINE ? found : null;
    return null;
  }

  function file(kind: 'positions' | 'refused', name: string): ReaderFile {
    const path = join(folder, kind, name);
    let own: string | undefined;
    return {
      read: saying(() => files.readText(path)),
      write: saying(async (text: string, isDurable: boolean) => {
        if (own === undefined) {
          own = await files.folder(source, kind, `.${name}`);
          await tidyUp(own);
        }
        await files.replace(path, text, own, isDurable);
      }),
    };
  }

  /** Removes what crashes have left behind. */
  async function tidyUp(path: string): Promise<void> {
    for (const name of await fs.readdir(path)) await files.discard(join(path, name));
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

  return {
    id: saying(id),
    entries: sayingOf(entries),
    lines: sayingOf(lines),
    content: sayingOf(content),
    line: saying(line),
    remove: saying((before: number, olderThan: string | null) => retention.remove(closedEntries, before, olderThan)),
    file,
  };
}
