import type { Policy } from '../config/policy';
import type { ChatList } from '../domain/checkpoint';
import { withoutList } from './checkpoint';
import { bytesLeft, bytesOf, nameOf } from './chat-lists';
import { isOfOneList, sayOf } from './failures';
import { fetchPage, type ListActivities } from './fetch-page';
import { createInterruptible } from './interruptible';
import { emitsAhead } from './reader';
import type { SourceState } from './source-state';

/** What is listed and not published stands in the input of the next run: one payload, of 2 MiB at most. */
const LISTED_BYTES = 400_000;
/** About so much of that is one chat's id. */
const ID_BYTES = 45;
/** Answers that the usual size is the mean of, and how much larger than that all that are asked for may be. */
const MEAN_OF = 32;
const ROOM_FOR_MORE = 1.5;
/** After so many lists in a row that fail, and so long without one that does not, it is not the users. */
const FEW_LISTS = 5;
const OUTAGE_MS = 5 * 60_000;

/** Asks the lists for their next pages, and for further users, one page of each at a time, so early that there is always a chat to read. */
export interface Lister {
  /** The next page that is to be asked for now; undefined: none. The promise rejects as `fetchPage` does. */
  next(waiting: number): Promise<ListedChats> | undefined;
  /** Calls off what has not ended in a minute: it will be asked for again. */
  hurry(): void;
  /** Nothing is asked for any more. */
  end(): void;
}

export interface ListedChats {
  chatIds: string[];
  odd: string | null;
}

/** @param moreUsers Adds the lists of further users; false: there are none. */
export function createLister(
  activities: ListActivities,
  policy: Policy,
  source: SourceState,
  moreUsers: () => Promise<boolean>,
): Lister {
  const ahead = emitsAhead(policy);
  const asked = new Set<string>();
  /** Lists in a row, and when one was answered last. */
  let setAside = 0;
  let answeredAt = source.now();
  let areUsersAsked = false;
  let areUsersLeft = source.checkpoint.mode !== 'organization';
  const underWay = createInterruptible(source);
  /** The mean of the last answers, in bytes: most of ten users' lists are short, and many of them can be asked at once. */
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
    asked.add(nameOf(list));
    try {
      const listed = await fetchPage(activities, policy, source, list, fits);
      setAside = 0;
      answeredAt = source.now();
      return listed;
    } catch (error) {
      setAside += 1;
      const isEverybodys = setAside > FEW_LISTS && source.now() - answeredAt > OUTAGE_MS;
      if (list.userIds.length === 0 || !isOfOneList(error) || isEverybodys) throw error;
      source.changeUnfinished({ checkpoint: withoutList(source.checkpoint, list, sayOf(error)) });
      return NOTHING;
    } finally {
      asked.delete(nameOf(list));
    }
  }
  async function askUsers(): Promise<ListedChats> {
    areUsersAsked = true;
    areUsersLeft = await moreUsers();
    areUsersAsked = false;
    return NOTHING;
  }

  return {
    hurry: () => underWay.hurry(),
    end: () => underWay.end(),
    next(waiting) {
      const { lists, accepted } = source.checkpoint;
      // Whether the server takes this listing mode is found out with one request.
      if (waiting >= ahead || asked.size >= (accepted ? ahead : 1)) return undefined;
      if (accepted && areUsersLeft && !areUsersAsked && lists.length < ahead) return unlessCalledOff(askUsers);
      const list = lists.find((candidate) => candidate.hasMore && !asked.has(nameOf(candidate)));
      return list && isRoomToAsk() ? unlessCalledOff(() => ask(list)) : undefined;
    },
  };
}

const NOTHING: ListedChats = { chatIds: [], odd: null };
