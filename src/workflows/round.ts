import { ApplicationFailure } from '@temporalio/workflow';
import type { ApiActivities, SyncActivities } from '../activities/types';
import { FailureType } from '../contract';
import type { Policy } from '../config/policy';
import { asksAgain, leftOf, withLast } from './checkpoint';
import { everybodysFailure, failureDetails, NAMED, oddItem, unreadableFailure, type Unreadable } from './failures';
import { ModeRefused } from './fetch-page';
import { createLister, type ListedChats } from './list-ahead';
import { otherMode } from './listing-mode';
import { park } from './parking';
import { createPart, type Part } from './part';
import { runConcurrently } from './run-concurrently';
import { EndlessList } from './trail';
import { publish } from './publish';
import type { SourceState } from './source-state';

/** So many chats that are gone are no accident, where they are most of a part. */
const FEWEST_GONE = 3;
export type WalkActivities = ApiActivities & Pick<SyncActivities, 'publishPart'>;

/**
 * Reads what the lists hold, in parts: while one is filled, the one before ends and is published, and the lists' next pages
 * are asked for, so that there is never a moment in which nothing is asked of the API. Ends when nothing is listed any more,
 * when the history is long, or at whatever keeps the walk from going on; then everything that was read is published first.
 */
export async function readLists(
  activities: WalkActivities,
  policy: Policy,
  source: SourceState,
  moreUsers: () => Promise<boolean>,
): Promise<{ closed: boolean }> {
  const chats = leftOf(source.checkpoint);
  const lister = createLister(activities, policy, source, moreUsers);
  const begin = (): Part => createPart(activities, policy, source.unfinished.window, source);
  const round = createRound(policy, source);
  let part = begin();
  let before: Part | undefined;

  async function list(listing: Promise<ListedChats>): Promise<void> {
    try {
      const { chatIds, odd } = await listing;
      if (odd !== null) part.refuse(oddItem(odd));
      chats.push(...chatIds);
    } catch (error) {
      round.fail(error);
    }
  }
  async function end(ended: Part): Promise<void> {
    before = ended;
    await round.publish(ended);
    before = undefined;
  }

  await runConcurrently((again) => {
    part.onClose(again);
    const open = before ? [before, part] : [part];
    if (round.isOver(open)) {
      for (const one of [...open, lister]) one.hurry();
      return undefined;
    }
    if (source.mustContinueAsNew()) {
      if (part.isFull()) lister.hurry();
      return undefined;
    }
    const listing = round.mayList(open) ? lister.next(chats.length) : undefined;
    if (listing) return list(listing);
    if (part.isFull()) {
      if (before) return undefined;
      const full = part;
      part = begin();
      return end(full);
    }
    const chatId = part.hasRoom(before?.reading) ? chats.shift() : undefined;
    return chatId === undefined ? undefined : part.add(chatId);
  });
  lister.stop();
  await round.publish(part);
  return round.end();
}

/** What the parts of a round came to. */
interface Round {
  /** Something other than a chat failed. */
  fail(error: unknown): void;
  /** Waits for a part's end, and publishes it. */
  publish(part: Part): Promise<void>;
  /** Whether something keeps the walk from going on. @param open Parts that are not published yet. */
  isOver(open: readonly Part[]): boolean;
  /** Whether further pages are asked for: not past a chat that keeps the sync from its end. */
  mayList(open: readonly Part[]): boolean;
  /** Decides how the walk goes on, or ends. @throws What ends it. */
  end(): { closed: boolean };
}

function createRound(policy: Policy, source: SourceState): Round {
  const hopeless: Unreadable[] = [];
  let failure: { error: unknown } | undefined;
  let mostlyGone: Part | undefined;
  let everybody: readonly Unreadable[] = [];
  let isClosed = false;
  let somethingStays = false;

  async function publishPart(part: Part): Promise<void> {
    await part.drained();
    if (part.fatal) failure ??= part.fatal;
    const refused = new Set(part.everybody.map(({ chatId }) => chatId));
    // Others were read since, with which a chat can be compared now: those that were not are tried once more.
    const isDecided = ({ error }: Unreadable): boolean => part.read.length === 0 || failureDetails(error).proven;
    const own = part.unreadable.filter((chat) => !refused.has(chat.chatId) && isDecided(chat));
    // Chats go now and then; when most are gone it is the list that is another's.
    const mostAreGone = part.gone.length >= FEWEST_GONE && part.gone.length > part.read.length;
    const parked = park(own, policy, source);
    const { closed } = await publish(part, policy, source, parked, mostAreGone ? part.gone : []);
    isClosed ||= closed;
    somethingStays ||= part.unreadable.length > parked.length;
    hopeless.push(...own);
    if (refused.size > 0 && everybody.length === 0) everybody = part.everybody;
    if (mostAreGone) mostlyGone ??= part;
  }

  return {
    fail: (error) => void (failure ??= { error }),
    isOver: (open) =>
      isClosed ||
      failure !== undefined ||
      mostlyGone !== undefined ||
      everybody.length > 0 ||
      open.some(({ fatal, everybody }) => fatal !== undefined || everybody.length > 0),
    mayList: (open) =>
      !somethingStays && (policy.onChatFailure === 'park' || open.every(({ unreadable }) => unreadable.length === 0)),
    async publish(part) {
      try {
        await publishPart(part);
      } catch (error) {
        failure ??= { error };
      }
    },
    end() {
      if (isClosed) return { closed: true };
      const error: unknown = failure?.error;
      if (error instanceof ModeRefused) {
        const checkpoint = otherMode(policy, source.checkpoint, error.message);
        source.changeUnfinished({
          checkpoint,
          counters: { ...source.unfinished.counters, skipped: 0, violations: 0, unexplained: 0 },
        });
        return { closed: false };
      }
      if (error instanceof EndlessList) throw error;
      if (mostlyGone) {
        source.changeUnfinished({ checkpoint: asksAgain(source.checkpoint) });
        throw chatsGone(mostlyGone);
      }
      if (failure) throw error;
      if (everybody.length > 0) {
        source.changeUnfinished({
          checkpoint: withLast(source.checkpoint, new Set(everybody.map(({ chatId }) => chatId))),
        });
        const refusal = everybodysFailure(everybody);
        if (refusal) throw refusal;
        return { closed: false };
      }
      const left = leftOf(source.checkpoint);
      const stay = hopeless.filter(({ chatId }) => left.includes(chatId));
      if (left.some((chatId) => stay.every((chat) => chat.chatId !== chatId))) return { closed: false };
      if (stay.length === 0) return { closed: false };
      // What has no id can only be asked for by its page.
      if (left.includes('')) source.changeUnfinished({ checkpoint: asksAgain(source.checkpoint) });
      const more = policy.onChatFailure === 'park' ? `; ${source.parked.length} chats are parked already` : '';
      throw unreadableFailure(stay, more);
    },
  };
}

function chatsGone({ gone, read }: Part): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `${gone.length} of ${gone.length + read.length} chats that were listed are gone when they are read: is this the right ` +
      'key, and the right server behind ANTHROPIC_BASE_URL? What was deleted meanwhile is not listed any more: the next sync asks again',
    FailureType.chatsGone,
    { chatIds: gone.slice(0, NAMED) },
  );
}
