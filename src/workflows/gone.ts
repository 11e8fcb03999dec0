import { ApplicationFailure } from '@temporalio/workflow';
import type { ApiActivities } from '../activities/types';
import { FailureType } from '../contract';
import { NAMED } from './failures';
import type { Part } from './part';
import type { SourceState } from './source-state';
import { askWitnesses } from './witnesses';

/** From this many on, gone chats are doubted if they outnumber those that were read. */
const FEWEST_GONE = 3;

/** Chats go now and then. If most of a part are gone, the list or the key may be those of another tenant. */
export const mostAreGone = ({ gone, read }: Part): boolean => gone.length >= FEWEST_GONE && gone.length > read.length;

/** The chats of a part whose answer that they are gone is not believed. */
export async function doubtfulOf(
  activities: Pick<ApiActivities, 'checkChat'>,
  source: SourceState,
  part: Part,
): Promise<string[]> {
  if (!mostAreGone(part)) return [];
  return (await askWitnesses(activities, source)) === 'readable' ? [] : [...part.gone];
}

/** The failure of a sync for it. */
export function chatsGone({ gone, read }: Part): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `${gone.length} of ${gone.length + read.length} chats that were listed are gone when they are read: is this the right ` +
      'key, and the right server behind ANTHROPIC_BASE_URL? What was deleted meanwhile is not listed any more: the next sync ' +
      'asks again; ON_CHAT_FAILURE=park goes on without those that are gone all the same',
    FailureType.chatsGone,
    { chatIds: gone.slice(0, NAMED) },
  );
}
