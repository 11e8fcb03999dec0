import type { Policy } from '../config/policy';
import type { ChatList } from '../domain/checkpoint';
import { listedAnew, withoutList } from './checkpoint';
import { bytesLeft, bytesOf, nameOf } from './chat-lists';
import { isOfOneList, mayPass, sayOf } from './failures';
import { fetchPage, type ListActivities } from './fetch-page';
import { createInterruptible } from './interruptible';
import { emitsAhead } from './reader';
import type { SourceState } from './source-state';
import { EndlessList } from './trail';

/** The most bytes of listed, unpublished ids: they are in the next run's input, a payload of at most 2 MiB. */
const LISTED_BYTES = 400_000;
/** The approximate size of a chat's id as JSON. */
const ID_BYTES = 45;
/** Over how many answers the mean size is taken, and the margin over it that pending requests are given. */
const MEAN_OF = 32;
const ROOM_FOR_MORE = 1.5;
/** If so many lists are refused, and none was read to its end, their users are not the cause. */
const FEW_LISTS = 5;
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
  /** When lists failed, by name: those that did not are asked for first. */
  const failedAt = new Map<string, number>();
  let answeredAt = -Infinity;
  /** Whether a list came to its end. */
  let hasEnded = false;
  /** How many lists are asked for at once before one is answered. */
  let atFirst = 1;
  let areUsersAsked = false;
  let areUsersLeft = source.checkpoint.mode !== 'organization';
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
      answeredAt = source.now();
      if (!findList(list)?.hasMore) hasEnded = true;
      return listed;
    } catch (error) {
      passOver(list, begunAt, error);
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
  const findList = (list: ChatList): ChatList | undefined =>
    source.checkpoint.lists.find((other) => nameOf(other) === nameOf(list));

  /** Whether it is one user's and the only one left, where others' lists were read: there is none to compare it with any more. */
  function isLeftAlone({ userIds }: ChatList): boolean {
    const { lists, users, accepted } = source.checkpoint;
    const isOnly = userIds.length === 1 && lists.filter(({ hasMore }) => hasMore).length === 1;
    return isOnly && (accepted || users.last !== userIds[0]);
  }

  /** Decides about a list that failed: it is asked for later, or passed over. @throws Its error if everybody's list fails. */
  function passOver(list: ChatList, begunAt: number, error: unknown): void {
    const isOutage = mayPass(error);
    if (list.userIds.length === 0 || !(isOutage || error instanceof EndlessList || isOfOneList(error))) throw error;
    const said = error instanceof EndlessList ? error.message : sayOf(error);
    failedAt.set(nameOf(list), source.now());
    const { lists } = source.checkpoint;
    const isLast = lists.every((other) => !other.hasMore || failedAt.has(nameOf(other)));
    const isOwn = (isOutage ? answeredAt > begunAt : hasEnded) || isLeftAlone(list);
    // Of a few users each is tried alone before it is known whether others are served.
    if (isOwn || (lists.length <= FEW_LISTS && list.userIds.length > 1)) {
      source.changeUnfinished({ checkpoint: withoutList(source.checkpoint, list, said) });
      for (const userId of list.userIds) failedAt.set(userId, source.now());
    } else if (!isOutage && (isLast || failedAt.size >= FEW_LISTS)) throw error;
    else if (!isOutage) source.changeUnfinished({ checkpoint: listedAnew(source.checkpoint, list) });
  }

  async function askUsers(): Promise<ListedChats> {
    areUsersAsked = true;
    areUsersLeft = await moreUsers();
    areUsersAsked = false;
    return NOTHING;
  }

  const longestAgo = (lists: readonly ChatList[]): ChatList | undefined =>
    [...lists].sort((a, b) => (failedAt.get(nameOf(a)) ?? 0) - (failedAt.get(nameOf(b)) ?? 0))[0];

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
      const list = candidates.find((candidate) => !failedAt.has(nameOf(candidate))) ?? longestAgo(candidates);
      return list && isRoomToAsk() ? unlessCalledOff(() => ask(list)) : undefined;
    },
  };
}

const NOTHING: ListedChats = { chatIds: [], odd: null };
