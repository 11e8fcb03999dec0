import type { Policy } from '../config/policy';
import type { ChatList } from '../domain/checkpoint';
import { isOrganizationWide } from '../domain/listing';
import { bytesLeft, bytesOf, nameOf } from './chat-lists';
import { fetchPage, type ListActivities } from './fetch-page';
import { createInterruptible } from './interruptible';
import { createListComparison } from './list-comparison';
import { emitsAhead } from './reader';
import type { SourceState } from './source-state';

/** The most bytes of listed, unpublished ids: they are in the next run's input, a payload of at most 2 MiB. */
const LISTED_BYTES = 400_000;
/** The approximate size of a chat's id as JSON. */
const ID_BYTES = 45;
/** Over how many answers the mean size is taken, and the margin over it that pending requests are given. */
const MEAN_OF = 32;
const ROOM_FOR_MORE = 1.5;
/** After so long without an answer another list is asked for. */
const SLOW_MS = 30_000;

/** Requests pages of chats and users ahead, one per list at a time, so that there is always a chat to read. */
export interface Lister {
  /** Starts the next request if due; it rejects as `fetchPage` does. @param waiting Chats listed and not begun. */
  next(waiting: number): Promise<ListedChats> | undefined;
  /** Runs `then` when a request has become due that nothing else leads to. */
  onTurn(then: () => void): void;
  /** Cancels requests that have not ended within a minute; they are made again later. */
  hurry(): void;
  /** To be called once no request is under way. */
  end(): void;
}

export interface ListedChats {
  chatIds: string[];
  odd: string | null;
}

/** @param moreUsers Adds the lists of further users; resolves to false if there are none. */
export function createLister(
  activities: ListActivities,
  policy: Policy,
  source: SourceState,
  moreUsers: () => Promise<boolean>,
): Lister {
  const ahead = emitsAhead(policy);
  const asked = new Set<string>();
  const comparison = createListComparison(source);
  /** How many lists are asked for at once before one is answered. */
  let atFirst = 1;
  let areUsersAsked = false;
  let areUsersLeft = !isOrganizationWide(source.checkpoint.mode);
  const underWay = createInterruptible(source);
  /** The mean size of answers, bytes: lists of ten users are mostly short, so many of them can be requested at once. */
  let usualBytes = policy.pageSize * ID_BYTES;
  let answers = 0;

  const isRoomToAsk = (): boolean => {
    const listed = bytesLeft(source.checkpoint);
    return listed + asked.size === 0 || listed + (asked.size + 1) * usualBytes * ROOM_FOR_MORE <= LISTED_BYTES;
  };
  const fits = (chatIds: readonly string[]): boolean => {
    const bytes = bytesOf(chatIds);
    answers = Math.min(answers + 1, MEAN_OF);
    usualBytes += (bytes - usualBytes) / answers;
    const listed = bytesLeft(source.checkpoint);
    return listed === 0 || listed + bytes <= LISTED_BYTES;
  };

  const unlessCalledOff = async (work: () => Promise<ListedChats>): Promise<ListedChats> =>
    (await underWay.run(work)) ?? NOTHING;
  async function ask(list: ChatList): Promise<ListedChats> {
    const begunAt = source.now();
    asked.add(nameOf(list));
    // The first request alone finds out whether the server accepts the listing mode, unless it hangs.
    const stop =
      source.checkpoint.accepted || list.userIds.length === 0 ? undefined : source.after(SLOW_MS, askOneMore);
    try {
      const listed = await fetchPage(activities, policy, source, list, fits);
      comparison.answered(list);
      return listed;
    } catch (error) {
      comparison.failed(list, begunAt, error);
      return NOTHING;
    } finally {
      stop?.();
      asked.delete(nameOf(list));
    }
  }
  function askOneMore(): void {
    atFirst += 1;
    again();
  }
  async function askUsers(): Promise<ListedChats> {
    areUsersAsked = true;
    areUsersLeft = await moreUsers();
    areUsersAsked = false;
    return NOTHING;
  }

  let again = (): void => undefined;
  return {
    onTurn: (then) => void (again = then),
    hurry: () => underWay.hurry(),
    end: () => underWay.end(),
    next(waiting) {
      const { lists, accepted } = source.checkpoint;
      if (waiting >= ahead || asked.size >= (accepted ? ahead : atFirst)) return undefined;
      if (accepted && areUsersLeft && !areUsersAsked && lists.length < ahead) return unlessCalledOff(askUsers);
      const candidates = lists.filter((candidate) => candidate.hasMore && !asked.has(nameOf(candidate)));
      const list = comparison.first(candidates);
      return list && isRoomToAsk() ? unlessCalledOff(() => ask(list)) : undefined;
    },
  };
}

const NOTHING: ListedChats = { chatIds: [], odd: null };
