import type { Policy } from '../config/policy';
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
 * Reads every chat that changed since the window's start, and has each one's messages of the window emitted and published.
 * No list has an upper bound on the time of change. Organization-wide, a chat that changes during the walk moves ahead of
 * the cursor and is met again further on, where an upper bound would lose it; per user the order is that of creation, and
 * a chat stays where it is. Whatever ends the walk, `source.unfinished` is exact: a chat leaves `left` only when the publish
 * that holds it has returned.
 *
 * @returns `interrupted` if the history has grown long enough: continue as new and walk on.
 * @throws ChatUnreadable once the rest of what is listed is published; whatever else ended an activity for good.
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
      // A list that was broken off cannot be gone on with.
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
    } else if (checkpoint.mode === 'organization') {
      return 'finished';
    } else {
      if (!(await fromTheStartIfEndless(source, moreUsers))) return endOfUsers(source, organizations);
    }
    if (source.mustContinueAsNew()) return 'interrupted';
  }
}

/** A list without an end is walked from the window's start once the server is mended: the sink knows what it has. */
async function fromTheStartIfEndless<T>(source: SourceState, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof EndlessList)) throw error;
    source.changeUnfinished({ checkpoint: again(source.checkpoint) });
    throw apiRefused(error.message, error.requestId);
  }
}

/** @throws ApiRefused if an item of the organizations' or users' lists could not be used: somebody's chats are missing. */
function endOfUsers(source: SourceState, organizations: Organizations): 'finished' {
  const odd = source.checkpoint.users.odd ?? organizations.odd();
  if (odd === undefined) return 'finished';
  source.changeUnfinished({ checkpoint: again(source.checkpoint) });
  throw apiRefused(`everybody else's chats were read; ${odd}`);
}
