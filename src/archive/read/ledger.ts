import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { codeOf, hasCode } from '../folder/errors';
import { LEDGER } from '../folder/layout';
import { type AnyLine, type EventLine, isEvent, type LedgerLine, parseLine } from '../folder/ledger-line';
import { Damage } from './damage';
import { linesIn } from './lines';

export { isEvent };
export type { AnyLine, EventLine, LedgerLine };

/**
 * Every line of an archive's ledger, windows and events, in order, but a last one that a crash cut short; none without a ledger.
 * @param folder FILE_DIR/<source> @throws Damage
 */
export async function* readLog(folder: string): AsyncGenerator<AnyLine> {
  let number = 0;
  let torn = false;
  try {
    for await (const bytes of linesIn(createReadStream(join(folder, LEDGER)))) {
      number += 1;
      const line = parseLine(bytes);
      if (torn || line === 'garbage')
        throw new Damage(LEDGER, `has no line of a ledger at line ${torn ? number - 1 : number}`);
      torn = line === null;
      if (line !== null) yield line;
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    const code = codeOf(error);
    throw code === undefined ? error : new Damage(LEDGER, `cannot be read (${code})`);
  }
}

/** The closed windows of an archive, in order. @param folder FILE_DIR/<source> @throws Damage */
export async function* readLedger(folder: string): AsyncGenerator<LedgerLine> {
  for await (const line of readLog(folder)) if (!isEvent(line)) yield line;
}
