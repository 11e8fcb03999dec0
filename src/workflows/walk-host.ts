import type { Published } from '../sinks/sink';
import type { Checkpoint, Parked, Unfinished } from '../state';
import { without } from './checkpoint';
import type { Part } from './part';

/** The walk's place in the workflow's state, and the workflow's word on when to stop. */
export interface WalkHost {
  readonly unfinished: Unfinished;
  readonly parked: Parked[];
  /** A step of the walk: what another run, or another life of the workflow, goes on from. */
  save(next: Partial<Unfinished>, parked?: Parked[]): void;
  /** A step that another run goes on from, but not another life. */
  note(next: Partial<Unfinished>, parked?: Parked[]): void;
  /** Chats and messages that were read and are not published yet. */
  progress(chats: number, messages: number): void;
  mustContinueAsNew(): boolean;
  /** The workflow's clock, ms. */
  now(): number;
}

export function checkpointOf({ unfinished }: WalkHost): Checkpoint {
  if (!unfinished.checkpoint) throw new TypeError('the walk has not begun');
  return unfinished.checkpoint;
}

/**
 * Publishes a part: its chats leave the lists, and those that had been parked, or are gone, leave the parked ones.
 *
 * @param parked Chats of the part that could not be read and join them.
 */
export async function publish(part: Part, host: WalkHost, parked: Parked[]): Promise<Published> {
  const { chats, messages: records } = host.unfinished.counters;
  const published = await part.publish({ chats, records });
  const { totals, healed } = published;
  const done = new Set([...part.gone, ...[...part.read, ...parked].map(({ chatId }) => chatId)]);
  const out = new Set([...part.gone, ...healed.map(({ chatId }) => chatId)]);
  const { counters } = host.unfinished;
  const gone = counters.gone + part.gone.length;
  host.save(
    {
      checkpoint: without(checkpointOf(host), done),
      counters: { ...counters, chats: totals.chats, messages: totals.records, gone },
    },
    [...host.parked.filter(({ chatId }) => !out.has(chatId)), ...parked],
  );
  host.progress(0, 0);
  return published;
}
