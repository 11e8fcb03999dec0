import type { ApiActivities } from '../activities/types';
import type { ReadChat } from '../domain/published';
import { isOwnFailure, mayPass } from './failures';
import { createInterruptible } from './interruptible';
import type { SourceState } from './source-state';

/** A few are kept, as one may be deleted. */
const MOST_WITNESSES = 3;

/** The longest wait for their answers: what was read of other chats is published only then. */
const LONGEST_MS = 2 * 60_000;

/**
 * What chats that were published before say of key and server. `readable`: one of them can still be read, so that other
 * chats fail for reasons of their own. `gone`: none can. `unknown`: there was no answer. `none`: there are no such chats.
 */
export type Verdict = 'readable' | 'gone' | 'unknown' | 'none';

/** Asks for all of them at once. */
export async function askWitnesses(
  { checkChat }: Pick<ApiActivities, 'checkChat'>,
  source: Pick<SourceState, 'state' | 'after' | 'scope'>,
): Promise<Verdict> {
  const { witnesses = [] } = source.state;
  if (witnesses.length === 0) return 'none';
  const underWay = createInterruptible(source);
  const stop = source.after(LONGEST_MS, () => underWay.cancel());

  async function ask(chatId: string): Promise<Verdict> {
    try {
      const checked = await underWay.run(() => checkChat({ chatId }));
      if (checked === undefined) return 'unknown';
      if (checked.gone) return 'gone';
      // One readable chat is enough.
      underWay.cancel();
      return 'readable';
    } catch (error) {
      if (!isOwnFailure(error)) throw error;
      return mayPass(error) ? 'unknown' : 'gone';
    }
  }
  const verdicts = await Promise.all(witnesses.map(ask));
  stop();
  return (['readable', 'unknown'] as const).find((verdict) => verdicts.includes(verdict)) ?? 'gone';
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
