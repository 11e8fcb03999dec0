import { join } from 'node:path';
import { z } from 'zod';
import type { Healed, Published, Totals } from '../../domain/published';
import type { Window } from '../../domain/window';
import { ArchiveError } from '../archive';
import { hasCode } from './errors';
import type { Files } from './files';
import { STAGING, windowFolder, windowOf } from './layout';
import { conflictSchema, filterIdsSchema, healedSchema, querySchema } from './ledger-line';

const KEPT_WINDOWS = 4;

const partSchema = z.object({
  /** Its name in staging: as long as that is there, the rename to `path` is open. */
  staged: z.string(),
  path: z.string(),
  bytes: z.number(),
  sha256: z.string(),
});
export type Part = z.infer<typeof partSchema>;

const closingSchema = z.object({
  outcome: z.enum(['completed', 'abandoned']),
  requestId: z.string().nullable(),
  firstRequestId: z.string().nullable().optional(),
  build: z.string().optional(),
  query: querySchema.optional(),
  filterIds: filterIdsSchema.optional(),
  parked: z.array(z.string()).optional(),
});

type Conflict = z.infer<typeof conflictSchema>;

const listSchema = z.union([
  z.object({
    chats: z.array(z.string()),
    gone: z.array(z.string()),
    conflicts: z.array(conflictSchema),
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
  /** Chats that answered that they are gone, and were not published later. */
  gone: Set<string>;
  conflicts: Conflict[];
  parts: Part[];
  /** Parts of which this process does not know yet that they have their final name. */
  open: Part[];
  totals: Totals;
  healed: Healed[];
  /** Set by the last list: no other can follow, and whoever finds it may write the ledger line. */
  closing: z.infer<typeof closingSchema> | null;
  /** Highest number in the day folder when it was first looked at. */
  highest: number | null;
  /** Lists that are damaged and were passed over. */
  unreadable: number;
}

export const goneOf = ({ gone }: WindowState): string[] => [...gone];

/** What the lists say, for who publishes. */
export const publishedOf = (state: WindowState): Published => ({
  totals: state.totals,
  healed: [...state.healed],
  gone: goneOf(state).length,
  conflicts: countOf(state.conflicts),
  closed: state.closing !== null,
  ...(state.closing?.outcome === 'abandoned' && { abandoned: true }),
});

export const countOf = (conflicts: readonly Conflict[] = []): number =>
  conflicts.reduce((sum, { records }) => sum + records, 0);

const newState = (): WindowState => ({
  count: 0,
  chats: new Set(),
  gone: new Set(),
  conflicts: [],
  parts: [],
  open: [],
  totals: { chats: 0, records: 0 },
  healed: [],
  closing: null,
  highest: null,
  unreadable: 0,
});

export type Lists = ReturnType<typeof createLists>;

/**
 * The lists of each window, numbered without a gap. A list is created whole and exclusively, and never changes: that
 * orders what all workers do, and lets each list be read once.
 */
export function createLists(files: Files, source: string) {
  const staging = join(files.root, source, STAGING);
  const states = new Map<string, WindowState>();

  function stateOf(window: Window): WindowState {
    const key = windowFolder(window);
    let state = states.get(key);
    if (state === undefined) {
      state = newState();
      states.set(key, state);
      for (const oldest of [...states.keys()].slice(0, -KEPT_WINDOWS)) states.delete(oldest);
    }
    return state;
  }

  function listPath(window: Window, number: number): string {
    return join(staging, windowFolder(window), `list-${String(number).padStart(6, '0')}.json`);
  }

  /** Reads the lists that are new. @param passOver Counts those that are damaged, and reads all of them anew. */
  async function read(window: Window, passOver = false): Promise<WindowState> {
    const state = passOver ? newState() : stateOf(window);
    while (state.closing === null) {
      const number = state.count + 1;
      const path = listPath(window, number);
      const text = await files.readText(path);
      if (text === null) break;
      const list = parseList(text);
      // Another call may have read it meanwhile.
      if (state.count >= number) continue;
      if (list !== null) take(state, list);
      else if (passOver) {
        state.count += 1;
        state.unreadable += 1;
      } else throw unreadable(path, window);
    }
    return state;
  }

  function unreadable(path: string, { from }: Window): ArchiveError {
    return new ArchiveError(
      'LIST_UNREADABLE',
      `${files.nameOf(path)} is damaged, so that what the window has published is not known: restore it. If it is gone for good, ` +
        `cancel the workflow chat-sync/${source}, then \`chat-sync rewind --to ${from}\` gives the window up with what can be read.`,
    );
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

  /** Reads everything anew. @param window Of this window only. */
  function forget(window?: Window): void {
    if (window === undefined) states.clear();
    else states.delete(windowFolder(window));
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
  // What was read of a chat before it was gone is published with it; one that is published later was not gone after all.
  for (const chat of list.chats) state.gone.delete(chat);
  for (const chat of list.gone) state.gone.add(chat);
  state.conflicts.push(...list.conflicts);
  state.parts.push(...list.parts);
  state.open.push(...list.parts);
  state.healed.push(...list.healed);
  state.totals = list.totals;
}

/** Null for a list that is damaged. */
function parseList(text: string): List | null {
  try {
    return listSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
