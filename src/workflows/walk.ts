import type { Policy } from '../config/policy';
import { isOrganizationWide } from '../domain/listing';
import { again, beginning } from './checkpoint';
import { apiRefused } from './failures';
import { firstMode } from './listing-mode';
import { createOrganizations, type Organizations } from './organizations';
import { readLists } from './read-lists';
import type { WalkActivities } from './round';
import { EndlessList } from './trail';
import { nextUsers } from './users';
import type { SourceState } from './source-state';

/**
 * Reads every chat that changed since the window's start, and has its messages of the window emitted and published. No
 * list has an upper bound on the time of change. Organization-wide, a chat that changes during the walk moves ahead of
 * the cursor and is listed again; an upper bound would lose it. Per user, lists are in the order of creation, and a
 * chat keeps its place. Whatever ends the walk, `source.unfinished` is exact: a chat leaves `left` only when its
 * publish has returned.
 *
 * @returns `interrupted` if the history is long: continue as new and walk on.
 * @throws ChatUnreadable once all other listed chats are published; whatever else ended an activity for good.
 */
export async function walk(
  activities: WalkActivities,
  policy: Policy,
  source: SourceState,
): Promise<'finished' | 'interrupted'> {
  let organizations = createOrganizations(activities, policy);
  const moreUsers = async (): Promise<boolean> => {
    try {
      const checkpoint = await nextUsers(activities, policy, source, organizations);
      if (checkpoint) source.changeUnfinished({ checkpoint });
      return checkpoint !== null;
    } catch (error) {
      // A generator that has thrown cannot go on.
      organizations = createOrganizations(activities, policy);
      throw error;
    }
  };
  if (!source.unfinished.checkpoint) source.changeUnfinished({ checkpoint: beginning(firstMode(policy), policy) });
  for (;;) {
    const checkpoint = source.checkpoint;
    if (checkpoint.lists.length > 0) {
      const { closed } = await fromTheStartIfEndless(source, () => readLists(activities, policy, source, moreUsers));
      if (closed) return 'finished';
    } else if (isOrganizationWide(checkpoint.mode)) {
      return 'finished';
    } else {
      if (!(await fromTheStartIfEndless(source, moreUsers))) return endOfUsers(source, organizations);
    }
    if (source.mustContinueAsNew()) return 'interrupted';
  }
}

/** After an endless list the next sync walks the window from its start; chats in the archive are not requested again. */
async function fromTheStartIfEndless<T>(source: SourceState, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof EndlessList)) throw error;
    source.changeUnfinished({ checkpoint: again(source.checkpoint) });
    throw apiRefused(error.message, error.requestId);
  }
}

/** @throws ApiRefused if an organization or user in the lists was malformed: somebody's chats are missing. */
function endOfUsers(source: SourceState, organizations: Organizations): 'finished' {
  const odd = source.checkpoint.users.odd ?? organizations.odd();
  if (odd === undefined) return 'finished';
  const { last } = source.checkpoint.users;
  source.changeUnfinished({ checkpoint: again(source.checkpoint) });
  throw apiRefused(last === null ? odd : `everybody else's chats were read; ${odd}`);
}
