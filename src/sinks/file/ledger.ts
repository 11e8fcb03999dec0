import { constants } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { SinkError, type Window } from '../sink';
import { hasCode } from './errors';
import type { Handle } from './file-system';
import { type Files, writeAll } from './files';
import { isSameWindow, LEDGER, STAGING } from './layout';
import { healedSchema } from './lists';
import { withLock } from './lock';

const { O_CREAT, O_NOFOLLOW, O_RDONLY, O_RDWR } = constants;
const CHUNK_BYTES = 64 * 1024;

const lineSchema = z.object({
  epoch: z.number(),
  from: z.string(),
  to: z.string(),
  outcome: z.enum(['completed', 'abandoned']),
  chats: z.number(),
  records: z.number(),
  parts: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })),
  requestId: z.string().nullable(),
  healed: z.array(healedSchema).optional(),
});
/** One window in the ledger, its fields in the order in which they are written. */
export type LedgerLine = z.infer<typeof lineSchema>;

/** The ledger of one source. Windows stand in it in order, so that all questions are answered from its end. */
export function createLedger(files: Files, folder: string) {
  const path = join(folder, LEDGER);

  /** The window's line if it is closed, null if it is open; throws if the ledger is beyond it. */
  async function find(window: Window): Promise<LedgerLine | null> {
    return (await reading((handle) => look(handle, window)))?.closed ?? null;
  }

  async function last(): Promise<Window | null> {
    const line = await reading(async (handle) => {
      for await (const { line } of linesFromEnd(handle)) if (line?.outcome === 'completed') return line;
      return null;
    });
    return line && { epoch: line.epoch, from: line.from, to: line.to };
  }

  async function reading<T>(use: (handle: Handle) => Promise<T>): Promise<T | null> {
    let handle: Handle;
    try {
      handle = await files.fs.open(path, O_RDONLY | O_NOFOLLOW);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return null;
      throw error;
    }
    try {
      return await use(handle);
    } finally {
      await handle.close();
    }
  }

  /** Adds the line, unless its window is closed already. */
  async function append(line: LedgerLine): Promise<void> {
    await withLock(files.fs, join(folder, STAGING, 'ledger.lock'), async (assertHeld) => {
      const handle = await files.fs.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
      try {
        const { closed, latest, end, size } = await look(handle, line);
        if (closed !== null) return;
        const rewound = latest === null ? line.epoch > 0 : latest.epoch < line.epoch;
        const { healed, ...rest } = line;
        const written = { ...rest, ...(rewound && { rewound }), ...(healed && { healed }) };
        const bytes = Buffer.from(`${JSON.stringify(written)}\n`);
        assertHeld();
        // At the position that was looked at, not at the end: whoever writes this line twice writes the same bytes.
        await writeAll(handle, bytes, end);
        if (size > end + bytes.length) await handle.truncate(end + bytes.length);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await files.syncFolder(folder);
    });
  }

  return { find, last, append };
}

interface Look {
  closed: LedgerLine | null;
  latest: LedgerLine | null;
  /** Where the last whole line ends: what follows is half a line, to be written over. */
  end: number;
  size: number;
}

async function look(handle: Handle, window: Window): Promise<Look> {
  const { size } = await handle.stat();
  const found: Look = { closed: null, latest: null, end: 0, size };
  let beyond = false;
  for await (const { line, end } of linesFromEnd(handle)) {
    if (line === null) continue;
    if (found.latest === null) Object.assign(found, { latest: line, end });
    if (isSameWindow(line, window)) return { ...found, closed: line };
    if (line.epoch < window.epoch) break;
    if (line.epoch > window.epoch) beyond = true;
    else if (line.outcome === 'completed') {
      if (Date.parse(line.to) <= Date.parse(window.from)) break;
      beyond = true;
    }
  }
  if (!beyond) return found;
  throw new SinkError('STALE_WINDOW', 'The ledger in FILE_DIR is beyond this window: another sync went on without it.');
}

/** The ledger's lines, the last one first; null for a last line that was cut short. */
async function* linesFromEnd(handle: Handle): AsyncGenerator<{ line: LedgerLine | null; end: number }> {
  let { size: end } = await handle.stat();
  let start = end;
  let bytes = Buffer.alloc(0);
  for (let whole = false; end > 0;) {
    const before = bytes.subarray(0, -1).lastIndexOf('\n');
    if (before === -1 && start > 0) {
      const chunk = await readAt(handle, Math.max(0, start - CHUNK_BYTES), start);
      start -= chunk.length;
      bytes = Buffer.concat([chunk, bytes]);
      continue;
    }
    const line = parseLine(bytes.subarray(before + 1).toString());
    if (line === null && whole) throw unreadable();
    yield { line, end };
    whole = true;
    end = start + before + 1;
    bytes = bytes.subarray(0, before + 1);
  }
}

async function readAt(handle: Handle, start: number, end: number): Promise<Buffer> {
  const chunk = Buffer.alloc(end - start);
  for (let done = 0; done < chunk.length;) {
    const { bytesRead } = await handle.read(chunk, done, chunk.length - done, start + done);
    if (bytesRead === 0) throw unreadable();
    done += bytesRead;
  }
  return chunk;
}

function parseLine(text: string): LedgerLine | null {
  if (!text.endsWith('\n')) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  // Whole, but not ours: nothing to write over.
  const line = lineSchema.safeParse(value);
  if (!line.success) throw unreadable();
  return line.data;
}

function unreadable(): SinkError {
  return new SinkError('LEDGER_UNREADABLE', `${LEDGER} in FILE_DIR has a line that is not a ledger line: restore it.`);
}
