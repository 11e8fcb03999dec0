import type { Policy } from '../config/policy';
import { leftOf } from './chat-lists';
import { oddItem } from './failures';
import { createLister, type ListedChats } from './list-ahead';
import { createPart, type Part } from './part';
import { createReader } from './reader';
import { createRound, type WalkActivities } from './round';
import { runConcurrently } from './run-concurrently';
import type { SourceState } from './source-state';

/**
 * Reads what the lists hold: while chats are read, what was read before is published, and the lists' next pages are asked
 * for, so that there is never a moment in which nothing is asked of the API. Ends when nothing is listed any more, when the
 * history is long, or at whatever keeps the walk from going on; then everything that was read is published first.
 */
export async function readLists(
  activities: WalkActivities,
  policy: Policy,
  source: SourceState,
  moreUsers: () => Promise<boolean>,
): Promise<{ closed: boolean }> {
  const chats = leftOf(source.checkpoint);
  const round = createRound(activities, policy, source);
  const lister = createLister(activities, policy, source, moreUsers);
  const reader = createReader(activities, policy, source, { part: () => part, fail: (error) => round.fail(error) });
  const begin = (): Part => createPart(activities, policy, source.unfinished.window, source);
  let part = begin();
  let isPublishing = false;

  async function list(listing: Promise<ListedChats>): Promise<void> {
    try {
      const { chatIds, odd } = await listing;
      if (odd !== null) part.refuse(oddItem(odd));
      chats.push(...chatIds);
    } catch (error) {
      round.fail(error);
    }
  }
  async function publish(due: Part): Promise<void> {
    isPublishing = true;
    await round.publish(due);
    isPublishing = false;
  }

  await runConcurrently((again) => {
    part.onDue(again);
    const isDue = part.isDue(reader.reading);
    if (isDue && !isPublishing) {
      const due = part;
      part = begin();
      return publish(due);
    }
    if (round.isOver(part) || source.mustContinueAsNew()) {
      reader.hurry();
      lister.hurry();
      return undefined;
    }
    const listing = round.mayList(part) ? lister.next(chats.length) : undefined;
    if (listing) return list(listing);
    const chatId = !isDue && reader.hasRoom() ? chats.shift() : undefined;
    return chatId === undefined ? undefined : reader.read(chatId);
  });
  reader.end();
  lister.end();
  await round.publish(part);
  return round.end();
}
