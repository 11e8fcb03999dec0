import type { ApiActivities } from '../activities/types';
import type { ReadChat } from '../domain/published';
import { isOwnFailure } from './failures';
import type { SourceState } from './source-state';

/** A few are kept, as one may be deleted. */
const MOST_WITNESSES = 3;

/**
 * Whether a chat that was published before is still readable: then key and server are the right ones, and other chats
 * fail for reasons of their own.
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

/** Puts the last published chat that is not gone before the other witnesses. */
export function withWitness(
  before: readonly string[] = [],
  read: readonly ReadChat[],
  gone: readonly string[],
): string[] {
  const last = read.findLast(({ chatId }) => !gone.includes(chatId));
  return last ? [...new Set([last.chatId, ...before])].slice(0, MOST_WITNESSES) : [...before];
}
