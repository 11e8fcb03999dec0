import * as fs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Head } from '../../domain/published';
import { codeOf } from '../folder/errors';
import { createFiles } from '../folder/files';
import { LEDGER, MESSAGES } from '../folder/layout';
import { createLedger } from '../folder/ledger';
import type { LedgerLine } from '../folder/ledger-line';
import { createLists } from '../folder/lists';
import { openWindows } from '../folder/open-windows';
import { partsIn } from '../read/parts';
import { type Finding, note, wrong } from './finding';
import { verifyLedger } from './ledger';
import { PartChecker } from './parts';

/** What an archive holds. */
export interface Verified {
  windows: number;
  parts: number;
  records: number;
  bytes: number;
  /** To be noted by who audits: as long as it is there, nothing before it was changed. */
  head: Head | null;
}

const MOVE_AWAY = 'move it away: no line of the ledger names it, so it was put there, or the ledger was cut';

const NOTHING_THERE = 'before the end of a first sync that is so; else bring the archive back from a copy';

/**
 * Looks at everything in an archive: its ledger's chain, the windows, every byte of every part, every id. Memory is flat in the number
 * of messages.
 * @param folder FILE_DIR/<source>
 * @param noted A line that an auditor noted earlier.
 * @param publicKeys The keys with which its lines may be signed; null: those that the ledger names.
 */
export async function verifyArchive(
  folder: string,
  noted: Head | null,
  tell: (finding: Finding) => void,
  publicKeys: readonly string[] | null = null,
): Promise<Verified> {
  // First: what is put there meanwhile is of a sync that runs.
  const there = await partsIn(folder).catch((error: unknown) => {
    const code = codeOf(error);
    throw code === undefined ? error : new Error(`${MESSAGES} cannot be read (${code})`);
  });
  const { windows, removedThrough, head } = await verifyLedger(folder, noted, tell, publicKeys);
  const missing: { number: number; finding: Finding }[] = [];
  let current = 0;
  const checker = new PartChecker(folder, (finding) => {
    // ARCHIVE_KEEP may be at work.
    if (finding.kind === 'part-missing') missing.push({ number: current, finding });
    else tell(finding);
  });
  const named = new Set<string>();
  const isThere = new Set(there);
  try {
    if (removedThrough > 0) {
      tell(note('parts-removed', `lines 1 to ${removedThrough}`, 'their parts were removed on purpose (ARCHIVE_KEEP)'));
    }
    for (const { number, line } of windows) {
      const isRemoved = number <= removedThrough;
      current = number;
      let records = 0;
      let isWhole = true;
      for (const part of line.parts) {
        if (named.has(part.path)) {
          const says = `names ${part.path}, as an earlier line does`;
          tell(wrong('part-named-twice', `line ${number}`, says, 'see the lines before'));
        }
        named.add(part.path);
        // Some stay, since a destination refuses one of their records.
        if (isRemoved && !isThere.has(part.path)) continue;
        const found = await checker.check({ ...part, epoch: epochOf(line) });
        records += found ?? 0;
        isWhole &&= found !== null;
      }
      if (isRemoved || !isWhole || line.unreadableLists !== undefined || records === line.records) continue;
      const says = `says ${line.records} records, and its parts hold ${records}`;
      tell(wrong('records-differ', `line ${number}`, says, 'please report it with the ledger'));
    }
    current = Infinity;
    await checkOpenWindows(folder, checker, named, tell);
    const { removedThrough: now } =
      missing.length > 0 ? await verifyLedger(folder, null, () => undefined) : { removedThrough: 0 };
    for (const { number, finding } of missing) if (number > now) tell(finding);
    await findUnnamed(folder, there, named, tell);
    if (head === null && named.size === 0) tell(wrong('nothing-there', LEDGER, 'has no line', NOTHING_THERE));
    await checker.findRepeated();
  } finally {
    checker.close();
  }
  const { records, bytes } = checker;
  return { windows: windows.length, parts: named.size, records, bytes, head };
}

/** Parts that nothing names, neither now nor when their window was closed meanwhile. */
async function findUnnamed(
  folder: string,
  there: readonly string[],
  named: ReadonlySet<string>,
  tell: (finding: Finding) => void,
): Promise<void> {
  const unnamed = new Set(there.filter((path) => !named.has(path)));
  if (unnamed.size === 0) return;
  const { windows } = await verifyLedger(folder, null, () => undefined);
  for (const { path } of windows.flatMap(({ line }) => line.parts)) unnamed.delete(path);
  for (const path of unnamed) tell(wrong('part-unnamed', path, 'is named by no line of the ledger', MOVE_AWAY));
}

/** With MESSAGES=all a message comes in each window in which its chat changes; what a window that was given up held comes again. */
const epochOf = ({ epoch, query, outcome }: LedgerLine): number | null =>
  query?.messages === 'all' || outcome === 'abandoned' ? null : epoch;

/** Parts that are published, of windows that are not closed yet: their lists name them. */
async function checkOpenWindows(
  folder: string,
  checker: PartChecker,
  named: Set<string>,
  tell: (finding: Finding) => void,
): Promise<void> {
  const files = createFiles(fs, dirname(folder));
  const source = basename(folder);
  const lists = createLists(files, source);
  for (const window of await openWindows(lists, createLedger(files, source)).catch(() => [])) {
    const { parts } = await lists.read(window, true);
    for (const part of parts) {
      named.add(part.path);
      // Its name is given after it is listed, and its window may be closed by now.
      if (await files.exists(join(folder, part.path))) await checker.check({ ...part, epoch: window.epoch });
    }
    const says = `is open, with ${parts.length} parts so far: a sync runs, or the next one takes it up`;
    tell(note('window-open', `${window.from} to ${window.to}`, says));
  }
}
