import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Head } from '../../domain/published';
import { createFiles } from '../folder/files';
import { createLedger } from '../folder/ledger';
import type { LedgerLine } from '../folder/ledger-line';
import { createLists } from '../folder/lists';
import { openWindows } from '../folder/open-windows';
import { partsIn } from '../read/parts';
import { basename } from 'node:path';
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

/**
 * Looks at everything in an archive: its ledger's chain, the windows, every byte of every part, every id. Memory is flat in the number
 * of messages.
 * @param folder FILE_DIR/<source>
 * @param noted A line that an auditor noted earlier.
 */
export async function verifyArchive(
  folder: string,
  noted: Head | null,
  tell: (finding: Finding) => void,
): Promise<Verified> {
  const { windows, removedThrough, head } = await verifyLedger(folder, noted, tell);
  const checker = new PartChecker(folder, tell);
  const named = new Set<string>();
  try {
    if (removedThrough > 0) {
      tell(note('parts-removed', `lines 1 to ${removedThrough}`, 'their parts were removed on purpose (ARCHIVE_KEEP)'));
    }
    for (const { number, line } of windows) {
      const isRemoved = number <= removedThrough;
      let records = 0;
      let isWhole = true;
      for (const part of line.parts) {
        if (named.has(part.path))
          tell(
            wrong(
              'part-named-twice',
              `line ${number}`,
              `names ${part.path}, as an earlier line does`,
              'see the lines before',
            ),
          );
        named.add(part.path);
        if (isRemoved) continue;
        const found = await checker.check({ ...part, epoch: epochOf(line) });
        records += found ?? 0;
        isWhole &&= found !== null;
      }
      if (isRemoved || !isWhole || line.unreadableLists !== undefined || records === line.records) continue;
      tell(
        wrong(
          'records-differ',
          `line ${number}`,
          `says ${line.records} records, and its parts hold ${records}`,
          'please report it with the ledger',
        ),
      );
    }
    await checkOpenWindows(folder, checker, named, tell);
    for (const path of await partsIn(folder)) {
      if (!named.has(path)) tell(wrong('part-unnamed', path, 'is named by no line of the ledger', MOVE_AWAY));
    }
    await checker.findRepeated();
  } finally {
    checker.close();
  }
  const { records, bytes } = checker;
  return { windows: windows.length, parts: named.size, records, bytes, head };
}

/** With MESSAGES=all a message comes in each window in which its chat changes. */
const epochOf = ({ epoch, query }: LedgerLine): number | null => (query?.messages === 'all' ? null : epoch);

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
      await checker.check({ ...part, epoch: window.epoch });
    }
    const says = `is open, with ${parts.length} parts so far: a sync runs, or the next one takes it up`;
    tell(note('window-open', `${window.from} to ${window.to}`, says));
  }
}
