import type { State } from '../domain/state';
import type { RewindRequest } from './messages';
import { noted } from './operator-events';
import { NO_ID } from '../domain/no-id';

type Wanted = Required<RewindRequest>;

/** @param id The update's id. @throws Error that says why the timestamp may not be set to `to`. */
export function validateRewind(state: State, { to, skip }: Omit<Wanted, 'reason'>, id: string): void {
  if (isRepeated(state, id)) return;
  if (state.running) {
    throw new Error(`a sync is running: wait for its end, or cancel the workflow chat-sync/${state.source}`);
  }
  if (!skip && state.syncedThrough !== null && Date.parse(to) > Date.parse(state.syncedThrough)) {
    throw new Error(
      `${to} is later than the timestamp ${state.syncedThrough}: messages between would be missing (--skip allows it)`,
    );
  }
}

/**
 * Sets the timestamp and begins a new epoch. An unfinished window is given up; the next sync tells the archive. A client
 * that lost the answer sends the update again, perhaps to a later run: the same id changes nothing.
 *
 * @param now The workflow's clock, ms; a client's may be a year ahead.
 */
export function rewind(state: State, { to, skip, reason }: Wanted, id: string, now: number): Partial<State> {
  if (isRepeated(state, id)) return {};
  const abandoned = state.unfinished?.window ?? state.abandoned;
  const epoch = Math.max(state.epoch + 1, now);
  const forgotten = { unfinished: undefined, completed: undefined, archive: undefined };
  const time = new Date(now).toISOString();
  const event = { event: 'rewound', id: known(id), time, from: state.syncedThrough, to, skip, reason } as const;
  // Items without an id are met again with the lists that are read again.
  const parked = state.parked.filter(({ chatId, from }) => chatId !== NO_ID || Date.parse(from) < Date.parse(to));
  return { syncedThrough: to, epoch, rewoundBy: known(id), abandoned, parked, ...forgotten, ...noted(state, event) };
}

/** The kept part of an update's id: Temporal allows a thousand bytes; ours are UUIDs. */
const known = (id: string): string => id.slice(0, 64);

const isRepeated = (state: State, id: string): boolean => state.rewoundBy === known(id);
