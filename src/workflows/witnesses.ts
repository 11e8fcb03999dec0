import type { ApiActivities } from '../activities/types';
import type { ReadChat } from '../domain/published';
import { isOwnFailure } from './failures';
import type { SourceState } from './source-state';

/** A few: one may have been deleted since. */
const MOST_WITNESSES = 3;

/**
 * Whether a chat that was published before can still be read: then key and server are the right ones, and what is wrong
 * with other chats is their own.
 */
export async function isAnyReadable(
  { checkChat }: Pick<ApiActivities, 'checkChat'>,
  { state: { witnesses = [] } }: SourceState,
): Promise<boolean> {
  for (const chatId of witnesses) {
    try {
      const { gone } = await checkChat({ chatId });
      if (!gone) return true;
    } catch (error) {
      if (!isOwnFailure(error)) throw error;
    }
  }
  return false;
}

/** With a chat of those that were published just now. */
export function withWitness(
  before: readonly string[] = [],
  read: readonly ReadChat[],
  gone: readonly string[],
): string[] {
  const last = read.findLast(({ chatId }) => !gone.includes(chatId));
  return last ? [...new Set([last.chatId, ...before])].slice(0, MOST_WITNESSES) : [...before];
}
