import { z } from 'zod';
import type { Healed, Published, Totals } from '../sink';

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

/** A chat of which messages came again with another content. */
export const conflictSchema = z.object({ chatId: z.string(), records: z.number() });
type Conflict = z.infer<typeof conflictSchema>;

export const listSchema = z.union([
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
  /** Chats that answered that they are gone; some of them may be published all the same. */
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

/** Chats that are gone and of which the window holds nothing. */
export const goneOf = ({ gone, chats }: WindowState): string[] => [...gone].filter((chatId) => !chats.has(chatId));

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

export const newState = (): WindowState => ({
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

/** Adds what the next list says. */
export function take(state: WindowState, list: List): void {
  if ('closing' in list) {
    // Not counted: the number that a call takes for the next list is then always taken.
    state.closing = list.closing;
    return;
  }
  state.count += 1;
  for (const chat of list.chats) state.chats.add(chat);
  for (const chat of list.gone) state.gone.add(chat);
  state.conflicts.push(...list.conflicts);
  state.parts.push(...list.parts);
  state.open.push(...list.parts);
  state.healed.push(...list.healed);
  state.totals = list.totals;
}
