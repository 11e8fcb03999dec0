import { ApplicationFailure } from '@temporalio/workflow';
import { FailureType } from '../contract';
import type { Published, ReadChat } from '../domain/published';
import { disagreementText } from '../domain/disagreement';
import type { Policy } from '../config/policy';
import type { Parked } from '../domain/state';
import { without } from './chat-lists';
import type { Part } from './part';
import type { SourceState } from './source-state';
import { withWitness } from './witnesses';

/**
 * Publishes a part. Its chats leave the lists; those that healed or are gone are no longer parked.
 *
 * @param parked Unreadable chats of the part that are parked now.
 * @param doubtful Chats that stay on their lists, though the API reports them as gone.
 * @throws LedgerDisagrees if a rewind gave the window up meanwhile.
 */
export async function publish(
  part: Part,
  policy: Policy,
  source: SourceState,
  parked: Parked[],
  doubtful: readonly string[],
): Promise<Published> {
  const { chats, messages: records, gone, conflicts } = source.unfinished.counters;
  const published = await part.publish({ chats, records, gone, conflicts }, doubtful);
  if (published.abandoned) {
    const { parked, unfinished } = source;
    const facts = { policy, parked, possession: 'ours' as const, missing: null };
    const text = disagreementText('given up', unfinished.window, unfinished.window, facts);
    throw ApplicationFailure.nonRetryable(text, FailureType.ledgerDisagrees);
  }
  const { totals, healed } = published;
  const ended = [...part.gone.filter((chatId) => !doubtful.includes(chatId)), ...part.skipped];
  const isDoubtful = ({ chatId }: ReadChat): boolean => doubtful.includes(chatId);
  const taken = [...part.read.filter((chat) => !isDoubtful(chat)), ...parked].map(({ chatId }) => chatId);
  const done = new Set([...ended, ...taken]);
  const out = new Set([...ended, ...[...healed, ...parked].map(({ chatId }) => chatId)]);
  const { counters } = source.unfinished;
  source.changeUnfinished(
    {
      checkpoint: without(source.checkpoint, done),
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
    [...source.parked.filter(({ chatId }) => !out.has(chatId)), ...parked],
  );
  source.note({ witnesses: withWitness(source.state.witnesses, part.read, part.gone) });
  source.progress(-part.read.length, -part.records);
  return published;
}
