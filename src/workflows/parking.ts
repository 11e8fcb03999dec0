import type { Span, Window } from '../domain/window';
import type { Policy } from '../config/policy';
import type { Parked } from '../domain/state';
import { failureDetails, reasonOf, type Unreadable } from './failures';
import { fitting } from './memo';
import type { SourceState } from './source-state';

/** The most parked chats. With more the sync fails: the cause is then hardly the chats. */
export const MOST_PARKED = 200;

/** The unreadable chats to park: none under the policy `fail`, and no more than there is room for. */
export function park(unreadable: readonly Unreadable[], { onChatFailure }: Policy, source: SourceState): Parked[] {
  if (onChatFailure === 'fail') return [];
  const { from, to } = source.unfinished.window;
  const since = new Date(source.now()).toISOString();
  const room = Math.max(0, MOST_PARKED - source.parked.length);
  const wanted = unreadable
    .filter(({ chatId }, index) => unreadable.findIndex((other) => other.chatId === chatId) === index)
    .map(({ chatId, error }) => {
      const chat = { chatId, from, to, reason: reasonOf({ chatId, error }), since, limit: failureDetails(error).limit };
      // Items without an id are parked as one.
      const before = source.parked.find((parked) => parked.chatId === chatId);
      return before ? { ...chat, ...spanOfBoth(before, chat), since: before.since, recover: before.recover } : chat;
    });
  return fitting(source.parked, wanted).slice(0, room);
}

/** Extends the missing span of parked chats that are listed in this window. */
export const widen = (parked: Parked[], met: ReadonlySet<string>, window: Window): Parked[] =>
  parked.map((chat) => (met.has(chat.chatId) ? { ...chat, ...spanOfBoth(chat, window) } : chat));

const spanOfBoth = (a: Span, b: Span): Span => ({
  from: Date.parse(a.from) < Date.parse(b.from) ? a.from : b.from,
  to: Date.parse(a.to) > Date.parse(b.to) ? a.to : b.to,
});
