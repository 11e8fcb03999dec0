import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Head } from '../../domain/published';
import { codeOf, hasCode } from '../folder/errors';
import { LEDGER } from '../folder/layout';
import { isEvent, type AnyLine, type EventLine, type LedgerLine, NO_LINE, parseLine } from '../folder/ledger-line';
import { sha256Of } from '../folder/ledger-reader';
import { linesIn } from '../read/lines';
import { type Finding, wrong } from './finding';
import { SignatureChecker } from './signatures';

const RESTORE = 'restore ledger.jsonl from a copy: its lines are never changed once they are written';

/** What the ledger says, line by line. */
export interface VerifiedLedger {
  windows: { number: number; line: LedgerLine }[];
  events: EventLine[];
  /** Up to which line parts were removed on purpose. */
  removedThrough: number;
  /** The last line; null for an archive without one. */
  head: Head | null;
}

/**
 * Walks the chain of a ledger to its end, whatever is broken in it.
 * @param noted The number and hash of a line that an auditor noted earlier.
 * @param tell Told of each finding.
 * @param publicKeys Those that an auditor was given; null: whichever the ledger names are believed.
 */
export async function verifyLedger(
  folder: string,
  noted: Head | null,
  tell: (finding: Finding) => void,
  publicKeys: readonly string[] | null = null,
): Promise<VerifiedLedger> {
  const ledger: VerifiedLedger = { windows: [], events: [], removedThrough: 0, head: null };
  const chain = new Chain(tell);
  const signatures = new SignatureChecker(publicKeys, tell);
  let isNotedSeen = false;
  for await (const bytes of rawLines(folder)) {
    const line = parseLine(bytes);
    const hash = sha256Of(bytes);
    if (!chain.takes(bytes, line, hash) || line === null || line === 'garbage') continue;
    ledger.head = { n: chain.number, sha256: hash };
    signatures.take(bytes, line, chain.number);
    if (noted?.n === chain.number) {
      isNotedSeen = true;
      if (noted.sha256 !== hash) {
        tell(
          wrong(
            'head-altered',
            `line ${noted.n}`,
            'is not the line that was noted: something up to it was changed',
            RESTORE,
          ),
        );
      }
    }
    if (!isEvent(line)) {
      ledger.windows.push({ number: chain.number, line });
      continue;
    }
    ledger.events.push(line);
    if (line.event === 'removed') {
      if (line.through >= line.n) {
        tell(
          wrong(
            'line-altered',
            `line ${line.n}`,
            `says that parts of line ${line.through} are removed, which comes behind it`,
            RESTORE,
          ),
        );
      }
      ledger.removedThrough = Math.min(line.through, line.n - 1);
    }
  }
  signatures.end();
  if (noted && !isNotedSeen) {
    const says = `ends at line ${ledger.head?.n ?? 0}, before line ${noted.n}, which was noted: its end was cut off, or it is another archive`;
    tell(wrong('head-missing', LEDGER, says, RESTORE));
  }
  verifyWindows(ledger.windows, tell);
  return ledger;
}

async function* rawLines(folder: string): AsyncGenerator<Buffer> {
  try {
    yield* linesIn(createReadStream(join(folder, LEDGER)));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw new Error(`ledger.jsonl cannot be read (${code})`);
  }
}

/** Compares each line with the one before. */
class Chain {
  /** Of the last line, from 1. */
  number = 0;
  #hash = NO_LINE;
  #isChained = false;

  constructor(private readonly tell: (finding: Finding) => void) {}

  /** @returns whether it is a line. */
  takes(bytes: Buffer, line: AnyLine | null | 'garbage', hash: string): boolean {
    if (line === null || line === 'garbage') {
      const where = `line ${this.number + 1}`;
      if (line === null) {
        const says = 'was cut short: the next sync writes it anew';
        this.tell({ grade: 'note', kind: 'line-torn', where, says, remedy: '' });
      } else this.tell(wrong('line-unreadable', where, `is no line of a ledger (${bytes.length} bytes)`, RESTORE));
      if (line === 'garbage') this.#follow(this.number + 1, hash);
      return false;
    }
    const { n, prev } = line;
    if (n === undefined || prev === undefined) {
      if (this.#isChained)
        this.tell(
          wrong(
            'lines-unchained',
            `line ${this.number + 1}`,
            'has no number or hash, as those before it have',
            RESTORE,
          ),
        );
      this.#follow(this.number + 1, hash);
      return true;
    }
    if (n > this.number + 1) {
      this.tell(wrong('lines-missing', `line ${n}`, `follows line ${this.number}: those between are gone`, RESTORE));
    } else if (n <= this.number) {
      this.tell(
        wrong(
          'line-repeated',
          `line ${n}`,
          `follows line ${this.number}: it is there twice, or of another archive`,
          RESTORE,
        ),
      );
    } else if (prev !== this.#hash) {
      const where = `line ${this.number}`;
      this.tell(wrong('line-altered', where, `is not what line ${n} says that it was: it was changed`, RESTORE));
    }
    this.#isChained = true;
    this.#follow(n, hash);
    return true;
  }

  #follow(number: number, hash: string): void {
    this.number = number;
    this.#hash = hash;
  }
}

/** Windows of an epoch follow each other without a hole or an overlap; those that were given up stand apart. */
function verifyWindows(windows: VerifiedLedger['windows'], tell: (finding: Finding) => void): void {
  let before: LedgerLine | null = null;
  for (const { number, line } of windows) {
    const where = `line ${number}`;
    if (before !== null && line.epoch < before.epoch) {
      tell(wrong('epoch-lower', where, `is of epoch ${line.epoch}, behind one of epoch ${before.epoch}`, RESTORE));
    }
    if (line.outcome !== 'completed') continue;
    if (before?.epoch === line.epoch) {
      const gap = Date.parse(line.from) - Date.parse(before.to);
      const span = gap > 0 ? `${before.to} to ${line.from}` : `${line.from} to ${before.to}`;
      const rewind = `\`chat-sync rewind --to ${before.to}\` reads it again`;
      if (gap > 0) tell(wrong('hole', where, `nothing was read of ${span}`, rewind));
      if (gap < 0) tell(wrong('overlap', where, `${span} was read before, in the same epoch`, RESTORE));
    }
    before = line;
  }
}
