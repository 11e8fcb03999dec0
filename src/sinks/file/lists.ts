import { join } from 'node:path';
import { z } from 'zod';
import { SinkError, type Healed, type Totals, type Window } from '../sink';
import { hasCode } from './errors';
import type { Files } from './files';
import { windowFolder, windowOf } from './layout';

const KEPT_WINDOWS = 4;

const partSchema = z.object({
  /** Its name in staging: as long as that is there, the rename to `path` is open. */
  staged: z.string(),
  path: z.string(),
  bytes: z.number(),
  sha256: z.string(),
});
export type Part = z.infer<typeof partSchema>;

const closingSchema = z.object({ outcome: z.enum(['completed', 'abandoned']), requestId: z.string().nullable() });

export const healedSchema = z.object({ chatId: z.string(), from: z.string(), to: z.string(), records: z.number() });

const listSchema = z.union([
  z.object({
    chats: z.array(z.string()),
    healed: z.array(healedSchema),
    parts: z.array(partSchema),
    totals: z.object({ chats: z.number(), records: z.number() }),
  }),
  z.object({ closing: closingSchema }),
]);
export type List = z.infer<typeof listSchema>;

/** What the lists of a window say together. */
export interface WindowState {
  /** Lists of chats; the closing one is not among them. */
  count: number;
  chats: Set<string>;
  parts: Part[];
  /** Parts of which this process does not know yet that they have their final name. */
  open: Part[];
  totals: Totals;
  healed: Healed[];
  /** Set by the last list: no other can follow, and whoever finds it may write the ledger line. */
  closing: z.infer<typeof closingSchema> | null;
  /** Highest number in the day folder when it was first looked at. */
  highest: number | null;
}

/**
 * The lists of each window, numbered without a gap. A list is created whole and exclusively, and never changes: that
 * orders what all workers do, and lets each list be read once.
 */
export function createLists(files: Files, staging: string) {
  const states = new Map<string, WindowState>();

  function stateOf(window: Window): WindowState {
    const key = windowFolder(window);
    let state = states.get(key);
    if (state === undefined) {
      const totals = { chats: 0, records: 0 };
      state = { count: 0, chats: new Set(), parts: [], open: [], totals, healed: [], closing: null, highest: null };
      states.set(key, state);
      for (const oldest of [...states.keys()].slice(0, -KEPT_WINDOWS)) states.delete(oldest);
    }
    return state;
  }

  function listPath(window: Window, number: number): string {
    return join(staging, windowFolder(window), `list-${String(number).padStart(6, '0')}.json`);
  }

  /** Reads the lists that are new. */
  async function read(window: Window): Promise<WindowState> {
    const state = stateOf(window);
    while (state.closing === null) {
      const number = state.count + 1;
      const pieces: Buffer[] = [];
      const found = await files.read(listPath(window, number), (bytes) => void pieces.push(Buffer.from(bytes)));
      if (!found) break;
      // Another call may have read it meanwhile.
      if (state.count < number) take(state, parseList(Buffer.concat(pieces).toString()));
    }
    return state;
  }

  /** Adds a list; false if another worker's has this number, which may be the closing one. */
  async function add(window: Window, number: number, list: List): Promise<boolean> {
    return files.claim(listPath(window, number), JSON.stringify(list));
  }

  /** Windows with lists. */
  async function windows(): Promise<Window[]> {
    const names = await files.fs.readdir(staging).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    });
    const found = names.map(windowOf).filter((window) => window !== null);
    const listed = await Promise.all(found.map((window) => files.exists(listPath(window, 1))));
    return found.filter((_, index) => listed[index]);
  }

  function forget(window: Window): void {
    states.delete(windowFolder(window));
  }

  return { read, add, windows, forget };
}

function take(state: WindowState, list: List): void {
  if ('closing' in list) {
    // Not counted: the number that a call takes for the next list is then always taken.
    state.closing = list.closing;
    return;
  }
  state.count += 1;
  for (const chat of list.chats) state.chats.add(chat);
  state.parts.push(...list.parts);
  state.open.push(...list.parts);
  state.healed.push(...list.healed);
  state.totals = list.totals;
}

function parseList(text: string): List {
  try {
    return listSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new SinkError('LIST_UNREADABLE', 'A list of published chats in FILE_DIR is damaged: check the disk.', {
      cause: error,
    });
  }
}
