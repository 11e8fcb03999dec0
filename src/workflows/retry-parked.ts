import type { Policy } from '../config/policy';
import type { Parked } from '../domain/state';
import { doubtfulChat, failureDetails, reasonOf } from './failures';
import { doubtfulOf } from './gone';
import { createPart, type Part } from './part';
import { publish } from './publish';
import { createReader } from './reader';
import type { WalkActivities } from './round';
import { runConcurrently } from './run-concurrently';
import type { SourceState } from './source-state';

/** The longest time that one sync spends on parked chats. */
const LONGEST_MS = 5 * 60_000;

/**
 * Retries the chats that were parked when the sync began, each for its whole span and a few times. Readable ones are
 * published in this window; the others stay parked, behind the rest, and neither fail the sync nor hold it up for long.
 */
export async function retryParked(
  activities: WalkActivities,
  policy: Policy,
  source: SourceState,
): Promise<'finished' | 'interrupted'> {
  const { window } = source.unfinished;
  let part = createPart(activities, window, source);
  const failures: unknown[] = [];
  const fail = (error: unknown): void => void failures.push(error);
  const reader = createReader(activities, policy, source, { part: () => part, fail });
  const waiting = source.parked.filter(({ chatId }) => source.unfinished.toRetry.includes(chatId));
  const begun = new Set<string>();
  const latest = source.now() + LONGEST_MS;
  const isLate = (): boolean => source.now() >= latest;
  const stop = source.after(LONGEST_MS, () => reader.hurry());
  const isOver = (): boolean => failures.length > 0 || isLate() || source.mustContinueAsNew();

  while (waiting.length > 0 && !isOver()) {
    await runConcurrently(() => {
      if (source.mustContinueAsNew()) reader.hurry();
      if (isOver() || part.isFull(reader.reading) || !reader.hasRoom()) return undefined;
      const chat = waiting.shift();
      if (chat) begun.add(chat.chatId);
      return chat && reader.read(chat.chatId, chat);
    });
    const { closed } = await publishParked(activities, policy, source, part);
    if (closed) break;
    part = createPart(activities, window, source);
  }
  stop();
  reader.end();
  if (failures.length > 0) throw failures[0];
  if (isLate()) source.changeUnfinished({}, lastAndLess(source, begun, policy.pageSize));
  return waiting.length > 0 && !isLate() && source.mustContinueAsNew() ? 'interrupted' : 'finished';
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
