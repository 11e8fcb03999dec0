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
 * Reads the lists' chats. Reading, publishing and listing ahead run concurrently, so that the API is never idle. Ends
 * when the lists are exhausted, when the history is long, or when something ends the walk, and first publishes all that
 * was read. `closed`: the archive had closed the window already.
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
  const begin = (): Part => createPart(activities, source.unfinished.window, source);
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
    lister.onTurn(again);
    if (part.isDue() && !isPublishing) {
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
    const isHeldUp = isPublishing && part.isFull(reader.reading);
    const chatId = !isHeldUp && reader.hasRoom() ? chats.shift() : undefined;
    return chatId === undefined ? undefined : reader.read(chatId);
  });
  reader.end();
  lister.end();
  await round.publish(part);
  return round.end();
}
