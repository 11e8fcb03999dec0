import type { ChatList } from '../domain/checkpoint';
import { nameOf } from './chat-lists';
import { listedAnew, withoutList } from './checkpoint';
import { isOfOneList, mayPass, sayOf } from './failures';
import type { SourceState } from './source-state';
import { EndlessList } from './trail';

/** If so many lists are refused, and none was read to its end, their users are not the cause. */
const FEW_LISTS = 5;

/** Compares lists of users with each other, to tell what is wrong with one of them from what is wrong with all. */
export interface ListComparison {
  /** Notes that a page of this list came. */
  answered(list: ChatList): void;
  /**
   * Decides about a list that failed: it is requested again later, split into lists of one user each, or passed over.
   * @param begunAt When its page was requested, ms.
   * @throws `error`, if all lists fail with it.
   */
  failed(list: ChatList, begunAt: number, error: unknown): void;
  /** Which list to request first: one that has not failed, or else the one whose failure is the longest ago. */
  first(lists: readonly ChatList[]): ChatList | undefined;
}

export function createListComparison(source: SourceState): ListComparison {
  /** When lists failed last, by name. */
  const failedAt = new Map<string, number>();
  let answeredAt = -Infinity;
  let hasEnded = false;
  const hasMore = (list: ChatList): boolean =>
    source.checkpoint.lists.some((other) => nameOf(other) === nameOf(list) && other.hasMore);

  /** Whether no list is left to compare this one with, since all others were read, in this run or before it. */
  function isLeftAlone({ userIds }: ChatList): boolean {
    const { lists, users, accepted } = source.checkpoint;
    const isOnly = userIds.length === 1 && lists.filter((list) => list.hasMore).length === 1;
    return isOnly && (accepted || users.last !== userIds[0]);
  }

  return {
    answered(list) {
      answeredAt = source.now();
      hasEnded ||= !hasMore(list);
    },
    failed(list, begunAt, error) {
      const isOutage = mayPass(error);
      const isEndless = error instanceof EndlessList;
      if (list.userIds.length === 0 || !(isOutage || isEndless || isOfOneList(error))) throw error;
      failedAt.set(nameOf(list), source.now());
      const { lists } = source.checkpoint;
      const isOwn = (isOutage ? answeredAt > begunAt : hasEnded) || isLeftAlone(list);
      // If there are only a few lists, their users are compared with each other.
      const isToSplit = list.userIds.length > 1 && lists.length <= FEW_LISTS;
      if (isOwn || isToSplit) {
        const said = isEndless ? error.message : sayOf(error);
        source.changeUnfinished({ checkpoint: withoutList(source.checkpoint, list, said) });
        for (const userId of list.userIds) failedAt.set(userId, source.now());
        return;
      }
      if (isOutage) return;
      const haveAllFailed = lists.every((other) => !other.hasMore || failedAt.has(nameOf(other)));
      if (haveAllFailed || failedAt.size >= FEW_LISTS) throw error;
      source.changeUnfinished({ checkpoint: listedAnew(source.checkpoint, list) });
    },
    first(lists) {
      const since = (list: ChatList): number => failedAt.get(nameOf(list)) ?? 0;
      return lists.toSorted((a, b) => since(a) - since(b))[0];
    },
  };
}
