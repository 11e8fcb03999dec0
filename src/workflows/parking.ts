import type { Window } from '../domain/window';
import type { Policy } from '../config/policy';
import type { Parked } from '../domain/state';
import { reasonOf, type Unreadable } from './failures';
import { fitting } from './memo';
import { createPart, type PartActivities } from './part';
import { runConcurrently } from './run-concurrently';
import { publish } from './publish';
import type { SourceState } from './source-state';

/** With more the sync fails: something is wrong with more than a few chats. */
export const MOST_PARKED = 200;

/** The chats of those that can be parked, if the policy says so. */
export function park(unreadable: readonly Unreadable[], { onChatFailure }: Policy, source: SourceState): Parked[] {
  if (onChatFailure === 'fail') return [];
  const { from, to } = source.unfinished.window;
  const since = new Date(source.now()).toISOString();
  const room = Math.max(0, MOST_PARKED - source.parked.length);
  const wanted = unreadable
    .filter(({ chatId }, index) => unreadable.findIndex((other) => other.chatId === chatId) === index)
    .map((chat) => ({ chatId: chat.chatId, from, to, reason: reasonOf(chat), since }));
  return fitting(source.parked, wanted).slice(0, room);
}

/** A parked chat that is met in a window misses what it holds of that, too. */
export function widen(parked: Parked[], met: ReadonlySet<string>, window: Window): Parked[] {
  const earlier = (a: string, b: string): string => (Date.parse(a) < Date.parse(b) ? a : b);
  const later = (a: string, b: string): string => (Date.parse(a) > Date.parse(b) ? a : b);
  return parked.map((chat) =>
    met.has(chat.chatId) ? { ...chat, from: earlier(chat.from, window.from), to: later(chat.to, window.to) } : chat,
  );
}

/**
 * Tries the chats that were parked when the sync began, each for its whole span and a few times only. What heals comes out
 * in this window's parts; what does not stays parked and never fails the sync.
 */
export async function retryParked(
  activities: PartActivities,
  policy: Policy,
  source: SourceState,
): Promise<'finished' | 'interrupted'> {
  for (;;) {
    const { toRetry, window } = source.unfinished;
    const waiting = source.parked.filter(({ chatId }) => toRetry.includes(chatId));
    if (waiting.length === 0) return 'finished';
    const part = createPart(activities, policy, window, source);
    await runConcurrently(() => {
      if (part.fatal || part.isFull() || !part.hasRoom() || source.mustContinueAsNew()) return undefined;
      const chat = waiting.shift();
      return chat && part.add(chat.chatId, { from: chat.from, to: chat.to });
    });
    await part.drained();
    const { closed } = await publish(part, policy, source, []);
    const reasons = new Map(part.unreadable.map((chat) => [chat.chatId, reasonOf(chat)]));
    const tried = new Set([...part.gone, ...part.skipped, ...reasons.keys(), ...part.read.map(({ chatId }) => chatId)]);
    source.changeUnfinished(
      { toRetry: toRetry.filter((chatId) => !tried.has(chatId)) },
      source.parked.map((chat) => ({ ...chat, reason: reasons.get(chat.chatId) ?? chat.reason })),
    );
    if (part.fatal) throw part.fatal.error;
    if (closed) return 'finished';
    if (source.mustContinueAsNew()) return 'interrupted';
  }
}
