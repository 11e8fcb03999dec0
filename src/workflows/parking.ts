import type { Span, Window } from '../domain/window';
import type { Policy } from '../config/policy';
import type { Parked } from '../domain/state';
import { doubtfulChat, failureDetails, reasonOf, type Unreadable } from './failures';
import { fitting } from './memo';
import { createPart, type Part } from './part';
import { publish } from './publish';
import { createReader } from './reader';
import { doubtfulOf, type WalkActivities } from './round';
import { runConcurrently } from './run-concurrently';
import type { SourceState } from './source-state';

/** The most parked chats. With more the sync fails: the cause is then hardly the chats. */
export const MOST_PARKED = 200;
/** The longest time that one sync spends on parked chats. */
const LONGEST_MS = 5 * 60_000;

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
      return before ? { ...chat, ...spanOfBoth(before, chat), since: before.since } : chat;
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

/**
 * Retries the chats that were parked when the sync began, each for its whole span and a few times. Readable ones are
 * published in this window; the others stay parked, behind the rest, and neither fail the sync nor hold it up for long.
 */
export async function retryParked(
  activities: WalkActivities,
  policy: Policy,
  source: SourceState,
): Promise<'finished' | 'interrupted'> {
  let part = createPart(activities, source.unfinished.window, source);
  const failures: unknown[] = [];
  const fail = (error: unknown): void => void failures.push(error);
  const reader = createReader(activities, policy, source, { part: () => part, fail });
  const waiting = source.parked.filter(({ chatId }) => source.unfinished.toRetry.includes(chatId));
  const begun = new Set<string>();
  const late = { is: false };
  const stop = source.after(LONGEST_MS, () => {
    late.is = true;
    reader.hurry();
  });
  const isOver = (): boolean => failures.length > 0 || late.is || source.mustContinueAsNew();

  while (waiting.length > 0 && !isOver()) {
    part = createPart(activities, source.unfinished.window, source);
    await runConcurrently(() => {
      if (source.mustContinueAsNew()) reader.hurry();
      if (isOver() || part.isFull(reader.reading) || !reader.hasRoom()) return undefined;
      const chat = waiting.shift();
      if (chat) begun.add(chat.chatId);
      return chat && reader.read(chat.chatId, chat);
    });
    const { closed } = await publishParked(activities, policy, source, part);
    if (closed) break;
  }
  stop();
  reader.end();
  if (failures.length > 0) throw failures[0];
  if (late.is) source.changeUnfinished({}, lastAndLess(source, begun, policy.pageSize));
  return waiting.length > 0 && !late.is && source.mustContinueAsNew() ? 'interrupted' : 'finished';
}

/** Moves parked chats that took too long to the end, with smaller pages for the next time. */
function lastAndLess({ parked, unfinished }: SourceState, begun: ReadonlySet<string>, pageSize: number): Parked[] {
  const isLate = ({ chatId }: Parked): boolean => begun.has(chatId) && unfinished.toRetry.includes(chatId);
  const smaller = ({ limit = pageSize }: Parked): number => Math.max(1, Math.floor(limit / 4));
  return [
    ...parked.filter((chat) => !isLate(chat)),
    ...parked.filter(isLate).map((chat) => ({ ...chat, limit: smaller(chat) })),
  ];
}

async function publishParked(
  activities: WalkActivities,
  policy: Policy,
  source: SourceState,
  part: Part,
): Promise<{ closed: boolean }> {
  const doubtful = await doubtfulOf(activities, source, part);
  const { closed } = await publish(part, policy, source, [], doubtful);
  const failed = new Map([...part.unreadable, ...doubtful.map(doubtfulChat)].map((chat) => [chat.chatId, chat]));
  const tried = new Set([...failed.keys(), ...part.gone, ...part.skipped, ...part.read.map(({ chatId }) => chatId)]);
  const again = (chat: Parked): Parked => {
    const unreadable = failed.get(chat.chatId);
    if (!unreadable) return chat;
    return { ...chat, reason: reasonOf(unreadable), limit: failureDetails(unreadable.error).limit ?? chat.limit };
  };
  const { toRetry } = source.unfinished;
  source.changeUnfinished({ toRetry: toRetry.filter((chatId) => !tried.has(chatId)) }, [
    ...source.parked.filter(({ chatId }) => !failed.has(chatId)),
    ...source.parked.filter(({ chatId }) => failed.has(chatId)).map(again),
  ]);
  return { closed };
}
