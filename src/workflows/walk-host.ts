import { ApplicationFailure } from '@temporalio/workflow';
import { FailureType } from '../contract';
import type { Published } from '../domain/published';
import type { Checkpoint, Parked, Unfinished } from '../domain/state';
import { without } from './checkpoint';
import type { Part, PartHost } from './part';

/** The walk's place in the workflow's state, and the workflow's word on when to stop. */
export interface WalkHost extends PartHost {
  readonly unfinished: Unfinished;
  readonly parked: Parked[];
  /** A step of the walk: what another run, or another life of the workflow, goes on from. */
  save(next: Partial<Unfinished>, parked?: Parked[]): void;
  /** A step that another run goes on from, but not another life. */
  note(next: Partial<Unfinished>, parked?: Parked[]): void;
  mustContinueAsNew(): boolean;
  /** The workflow's clock, ms. */
  now(): number;
}

export function checkpointOf({ unfinished }: Pick<WalkHost, 'unfinished'>): Checkpoint {
  if (!unfinished.checkpoint) throw new TypeError('the walk has not begun');
  return unfinished.checkpoint;
}

/**
 * Publishes a part: its chats leave the lists, and those that had been parked, or are gone, leave the parked ones.
 *
 * @param parked Chats of the part that could not be read and join them.
 * @param stay Chats that stay on their lists whatever was found.
 * @throws LedgerDisagrees if the window was given up meanwhile.
 */
export async function publish(
  part: Part,
  host: WalkHost,
  parked: Parked[],
  stay: readonly string[] = [],
): Promise<Published> {
  const { chats, messages: records, gone, conflicts } = host.unfinished.counters;
  const published = await part.publish({ chats, records, gone, conflicts });
  if (published.abandoned) throw givenUp(host.unfinished);
  const { totals, healed } = published;
  const done = new Set([...part.gone, ...part.skipped, ...[...part.read, ...parked].map(({ chatId }) => chatId)]);
  for (const chatId of stay) done.delete(chatId);
  const out = new Set([...part.gone, ...part.skipped, ...healed.map(({ chatId }) => chatId)]);
  const { counters } = host.unfinished;
  host.save(
    {
      checkpoint: without(checkpointOf(host), done),
      counters: {
        ...counters,
        chats: totals.chats,
        messages: totals.records,
        gone: published.gone,
        conflicts: published.conflicts,
        skipped: counters.skipped + part.skipped.length,
        unexplained: counters.unexplained + part.unexplained,
      },
    },
    [...host.parked.filter(({ chatId }) => !out.has(chatId)), ...parked],
  );
  host.progress(-part.read.length, -part.records);
  return published;
}

function givenUp({ window: { from, to } }: Unfinished): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `the sink knows ${from} to ${to} as given up by a later rewind: \`chat-sync rewind --to ${from}\` reads it again`,
    FailureType.ledgerDisagrees,
  );
}
