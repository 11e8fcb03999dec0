import { isCancellation } from '@temporalio/workflow';
import type { Policy } from '../config/policy';
import type { ChatList } from '../domain/state';
import { bytesLeft, bytesOf, nameOf } from './checkpoint';
import { createDeadline } from './deadline';
import { fetchPage, type ListActivities } from './fetch-page';
import { emitsAhead } from './part';
import type { SourceState } from './source-state';

/** What is listed and not published stands in the input of the next run: one payload, of 2 MiB at most. */
const LISTED_BYTES = 400_000;
/** About so much of that is one chat's id. */
const ID_BYTES = 45;

/** Asks the lists for their next pages, and for further users, one page of each at a time, so early that there is always a chat to read. */
export interface Lister {
  /** The next page that is to be asked for now; undefined: none. The promise rejects as `fetchPage` does. */
  next(waiting: number): Promise<ListedChats> | undefined;
  /** Calls off what has not ended in three minutes: it will be asked for again. */
  hurry(): void;
  /** Nothing is asked for any more. */
  stop(): void;
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
  let areUsersAsked = false;
  let areUsersLeft = source.checkpoint.mode !== 'organization';
  const scope = source.scope();
  let isCut = false;
  const cut = (): void => {
    isCut = true;
    scope.cancel();
  };
  const deadline = createDeadline(source, { close: () => undefined, cut });
  /** What an answer brings, by those before: most of ten users' lists are short, and many of them can be asked at once. */
  let usualBytes = policy.pageSize * ID_BYTES;

  const isRoomToAsk = (): boolean => {
    const listed = bytesLeft(source.checkpoint);
    return listed + asked.size === 0 || listed + (asked.size + 1) * usualBytes <= LISTED_BYTES;
  };
  const fits = (chatIds: readonly string[]): boolean => {
    const bytes = bytesOf(chatIds);
    usualBytes = Math.max(bytes, usualBytes / 2);
    const listed = bytesLeft(source.checkpoint);
    return listed === 0 || listed + bytes <= LISTED_BYTES;
  };

  async function unlessCut(work: () => Promise<ListedChats>): Promise<ListedChats> {
    try {
      return await scope.run(work);
    } catch (error) {
      if (isCut && isCancellation(error)) return NOTHING;
      throw error;
    }
  }
  async function ask(list: ChatList): Promise<ListedChats> {
    asked.add(nameOf(list));
    try {
      return await fetchPage(activities, policy, source, list, fits);
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
    hurry: () => deadline.hurry(),
    stop: () => deadline.stop(),
    next(waiting) {
      const { lists, accepted } = source.checkpoint;
      // Whether the server takes this listing mode is found out with one request.
      if (waiting >= ahead || asked.size >= (accepted ? ahead : 1)) return undefined;
      if (accepted && areUsersLeft && !areUsersAsked && lists.length < ahead) return unlessCut(askUsers);
      const list = lists.find((candidate) => candidate.hasMore && !asked.has(nameOf(candidate)));
      return list && isRoomToAsk() ? unlessCut(() => ask(list)) : undefined;
    },
  };
}

const NOTHING: ListedChats = { chatIds: [], odd: null };
