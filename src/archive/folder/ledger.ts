import { constants } from 'node:fs';
import { join } from 'node:path';
import type { OperatorEvent } from '../../domain/operator-events';
import type { Filters } from '../../domain/filters';
import type { Head } from '../../domain/published';
import type { Signer } from '../../evidence-key';
import type { Window } from '../../domain/window';
import { ArchiveError } from '../archive';
import { hasCode } from './errors';
import type { Handle } from './file-system';
import { type Files, writeAll } from './files';
import { isSameWindow, LEDGER, slotName, slotPosition, STAGING } from './layout';
import {
  type AnyLine,
  type EventLine,
  isEvent,
  type LedgerLine,
  type NewEvent,
  NO_LINE,
  parseLine,
  type RemovedLine,
  toText,
} from './ledger-line';
import { BrokenLine, lineNumberAt, linesFromEnd, NOTHING_SOUND, sha256Of, verifyLines } from './ledger-reader';
import { after, nameOf, NOTHING_STANDS, type Standing } from './standing';

const { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;

interface Look {
  /** The line of the window that is looked for. */
  closed: LedgerLine | null;
  closedHead: Head | null;
  latest: LedgerLine | null;
}

interface Tail {
  /** The last whole line. */
  head: Head;
  /** Where that ends: what follows is a part of the next one. */
  end: number;
  size: number;
  standing: Standing;
}

const NO_TAIL: Tail = { head: { n: 0, sha256: NO_LINE }, end: 0, size: 0, standing: NOTHING_STANDS };

/** A line as it is asked for: its number and place are not known yet. */
type NewLine = LedgerLine | NewEvent;

export type Ledger = ReturnType<typeof createLedger>;

/**
 * The ledger of one source. Windows stand in it in order, so that all questions are answered from its end. It needs no
 * lock: what comes at a position is decided by the exclusive creation of its slot, a file in staging that holds the line.
 * Whoever meets a slot writes its line there, and twice is the same as once.
 * @param readSigner With what each line is signed.
 */
export function createLedger(files: Files, source: string, readSigner?: () => Promise<Signer>) {
  const folder = join(files.root, source);
  const path = join(folder, LEDGER);
  const staging = join(folder, STAGING);
  /** How far this process has found whole lines, in which file. */
  let sound = { ino: 0, ...NOTHING_SOUND };
  /** Up to where it has looked for events, and what they say. */
  let seen = { ino: 0, end: 0, standing: NOTHING_STANDS };

  /** The window's line if it is closed, null if it is open; throws if the ledger is beyond it. */
  async function find(window: Window): Promise<LedgerLine | null> {
    return (await look(window)).closed;
  }

  /** Which line a closed window's is; null for one that is open, or of a build that did not chain its lines. */
  async function headOf(window: Window): Promise<Head | null> {
    return (await look(window)).closedHead;
  }

  /** Whether this line is still there as it was. */
  async function holds({ n, sha256 }: Head): Promise<boolean> {
    const held = await reading(async (handle) => {
      for await (const { line, bytes } of linesFromEnd(handle)) {
        if (line?.n === n) return sha256Of(bytes) === sha256;
        if (line?.n !== undefined && line.n < n) return false;
      }
      return false;
    });
    return held ?? false;
  }

  /** The line of the last completed window. */
  async function last(): Promise<LedgerLine | null> {
    return reading(async (handle) => {
      for await (const { line } of linesFromEnd(handle)) {
        if (line !== null && !isEvent(line) && line.outcome === 'completed') return line;
      }
      return null;
    });
  }

  /** Looks at every line that this process has not looked at yet. @throws ArchiveError for one that is none. */
  async function verify(): Promise<void> {
    await reading(async (handle) => {
      const { ino, size } = await handle.stat();
      const from = ino === sound.ino && size >= sound.end ? sound : NOTHING_SOUND;
      sound = { ino, ...(await verifyLines(handle, from)) };
    });
  }

  async function reading<T>(use: (handle: Handle) => Promise<T>): Promise<T | null> {
    let handle: Handle;
    try {
      // Without waiting for the other end of a pipe.
      handle = await files.fs.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return null;
      throw error;
    }
    try {
      if (!(await handle.stat()).isFile()) throw unreadable(`${files.nameOf(path)} is no file`);
      return await use(handle);
    } catch (error) {
      if (!(error instanceof BrokenLine)) throw error;
      throw unreadable(
        `Line ${await lineNumberAt(handle, error.at)} of ${files.nameOf(path)} ${error.isChain ? 'does not follow the one before' : 'is no line of a ledger'}`,
      );
    } finally {
      await handle.close();
    }
  }

  function unreadable(what: string): ArchiveError {
    return new ArchiveError(
      'LEDGER_UNREADABLE',
      `${what}, and nothing is written over it: restore it. To begin a new one, move the folder ${source} away, ` +
        `cancel the workflow chat-sync/${source}, then \`chat-sync rewind\`.`,
    );
  }

  async function look(window: Window): Promise<Look> {
    const found: Look = { closed: null, closedHead: null, latest: null };
    await reading(async (handle) => {
      let beyond = false;
      for await (const { line, bytes } of linesFromEnd(handle)) {
        if (line === null || isEvent(line)) continue;
        found.latest ??= line;
        if (isSameWindow(line, window)) {
          found.closed = line;
          found.closedHead = line.n === undefined ? null : { n: line.n, sha256: sha256Of(bytes) };
          return;
        }
        if (line.epoch < window.epoch) break;
        if (line.epoch > window.epoch) beyond = true;
        else if (line.outcome === 'completed') {
          if (Date.parse(line.to) <= Date.parse(window.from)) break;
          beyond = true;
        }
      }
      if (!beyond) return;
      throw new ArchiveError(
        'STALE_WINDOW',
        'The ledger in FILE_DIR is beyond this window: another sync went on without it.',
      );
    });
    return found;
  }

  /** Where the last whole line ends; 0 if there is none. */
  async function endOf(): Promise<number> {
    const end = await reading(async (handle) => {
      for await (const { line, end } of linesFromEnd(handle)) if (line !== null) return end;
      return 0;
    });
    return end ?? 0;
  }

  /**
   * Adds the line, unless its window is closed already.
   * @param own The window's folder in staging.
   * @param filters Those of its `query`: where they are others than before, a line in front of it says which.
   */
  async function append(line: LedgerLine, own: string, filters?: Filters): Promise<void> {
    await add(own, async ({ standing }) => {
      const { closed, latest } = await look(line);
      if (closed !== null) return null;
      const hash = line.query?.filters ?? null;
      if (filters && (standing.filters?.filters ?? null) !== hash)
        return { event: 'filters', filters: hash, ...filters };
      const isRewound = latest === null ? line.epoch > 0 : latest.epoch < line.epoch;
      return { ...line, ...(isRewound && { rewound: true as const }) };
    });
  }

  /** Says that parts are removed, up to the line `through`, unless that is said already. */
  async function appendRemoved(removal: Pick<RemovedLine, 'from' | 'through' | 'parts' | 'bytes'>): Promise<void> {
    await add(await files.folder(source, STAGING), ({ head, standing }) => {
      const isSaid = head.n === 0 || (standing.removed?.through ?? 0) >= removal.through;
      return isSaid ? null : { event: 'removed', ...removal };
    });
  }

  /** Adds each event that is not there yet, in order. @returns the last line. */
  async function record(events: readonly OperatorEvent[]): Promise<Head> {
    let last = NO_TAIL.head;
    await add(await files.folder(source, STAGING), ({ head, standing }) => {
      last = head;
      return events.find((event) => !standing.done.has(nameOf(event))) ?? null;
    });
    return last;
  }

  /** Adds lines until `next`, who is told where the ledger ends, has none. @param own Where they are made. */
  async function add(own: string, next: (tail: Tail) => Promise<NewLine | null> | NewLine | null): Promise<void> {
    for (;;) {
      const tail = (await reading(lookAtTail)) ?? NO_TAIL;
      const asked = await next(tail);
      if (asked === null) return;
      const signer = await readSigner?.().catch((error: unknown) => {
        const why = error instanceof Error ? error.message : 'it cannot be read';
        throw new ArchiveError('EVIDENCE_KEY', `The ledger cannot be signed with EVIDENCE_KEY_FILE: ${why}`);
      });
      const isNewKey = signer && signer.publicKey !== tail.standing.publicKey;
      const line = isNewKey ? { event: 'key' as const, publicKey: signer.publicKey } : asked;
      const { head, end, size } = tail;
      const chained = { ...line, n: head.n + 1, at: new Date().toISOString(), prev: head.sha256 };
      await decide(end, toText(chained, size - end, signer?.sign), own);
    }
  }

  /** The last line, and what events say so far. */
  async function lookAtTail(handle: Handle): Promise<Tail> {
    const { ino, size } = await handle.stat();
    const known = ino === seen.ino && size >= seen.end ? seen : { end: 0, standing: NOTHING_STANDS };
    const tail = { ...NO_TAIL, size };
    const events: EventLine[] = [];
    for await (const { line, bytes, end } of linesFromEnd(handle)) {
      if (line === null) continue;
      if (tail.head === NO_TAIL.head) {
        const n = line.n ?? (await lineNumberAt(handle, end)) - 1;
        Object.assign(tail, { head: { n, sha256: sha256Of(bytes) }, end });
      }
      if (end <= known.end) break;
      if (isEvent(line)) events.push(line);
    }
    const standing = events.reduceRight(after, known.standing);
    seen = { ino, end: tail.end, standing };
    return { ...tail, standing };
  }

  /** The lines whose parts were removed last: those before are gone, too. */
  async function removed(): Promise<Pick<RemovedLine, 'from' | 'through'>> {
    const { removed } = ((await reading(lookAtTail)) ?? NO_TAIL).standing;
    // Of lines that come behind it none can be meant.
    return removed
      ? { from: removed.from, through: Math.min(removed.through, removed.n - 1) }
      : { from: 1, through: 0 };
  }

  /** Writes a line at a position of the ledger, or the one that another worker has decided on. @param own Where it is made. */
  async function decide(end: number, text: string, own: string): Promise<void> {
    const slot = join(staging, slotName(end));
    await files.claim(slot, text, own);
    const decided = await files.readText(slot);
    // Removed by another worker: its line is there.
    if (decided === null) return;
    const bytes = Buffer.from(decided);
    // A slot goes only after its line is on disk. So one that was made anew behind that is seen to be late: after the look
    // at the slot, the ledger has grown.
    const isLate = (await endOf()) !== end;
    if (!isLate && isLine(bytes)) await writeAt(end, bytes);
    await files.discard(slot);
  }

  async function writeAt(position: number, bytes: Buffer): Promise<void> {
    const handle = await files.fs.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
    try {
      await writeAll(handle, bytes, position);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await files.syncFolder(folder);
  }

  /** Before the staging of a closed window goes: its line is on disk then, also if a worker died that wrote it. */
  async function settle(): Promise<void> {
    await files.folder(source, STAGING);
    const handle = await files.fs.open(path, O_RDWR | O_NOFOLLOW);
    await handle.sync().finally(() => handle.close());
    const end = await endOf();
    for (const name of await files.fs.readdir(staging)) {
      if (slotPosition(name) < end) await files.discard(join(staging, name));
    }
  }

  return { find, headOf, holds, last, endOf, verify, append, appendRemoved, record, removed, settle };
}

function isLine(bytes: Buffer): boolean {
  const line: AnyLine | null | 'garbage' = parseLine(bytes);
  return line !== null && line !== 'garbage';
}
