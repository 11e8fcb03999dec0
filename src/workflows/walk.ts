import { ApplicationFailure } from '@temporalio/workflow';
import { FailureType } from '../contract';
import type { Policy } from '../domain/state';
import { again, beginning } from './checkpoint';
import { firstForm } from './listing';
import { createOrganizations, type Organizations } from './organizations';
import { readLists, type WalkActivities } from './round';
import { EndlessList } from './trail';
import { nextUsers } from './users';
import { checkpointOf, type WalkHost } from './walk-host';

/**
 * Reads every chat that changed since the window's start, and has each one's messages of the window emitted and published.
 * No list has an upper bound on the time of change. Organization-wide, a chat that changes during the walk moves ahead of
 * the cursor and is met again further on, where an upper bound would lose it; per user the order is that of creation, and
 * a chat stays where it is. Whatever ends the walk, `host.unfinished` is exact: a chat leaves `left` only when the publish
 * that holds it has returned.
 *
 * @returns `interrupted` if the history has grown long enough: continue as new and walk on.
 * @throws ChatUnreadable once the rest of what is listed is published; whatever else ended an activity for good.
 */
export async function walk(
  activities: WalkActivities,
  policy: Policy,
  host: WalkHost,
): Promise<'finished' | 'interrupted'> {
  let organizations = createOrganizations(activities, policy);
  const moreUsers = async (): Promise<boolean> => {
    try {
      const checkpoint = await nextUsers(activities, policy, host, organizations);
      if (checkpoint) host.save({ checkpoint });
      return checkpoint !== null;
    } catch (error) {
      // A list that was broken off cannot be gone on with.
      organizations = createOrganizations(activities, policy);
      throw error;
    }
  };
  if (!host.unfinished.checkpoint) host.save({ checkpoint: beginning(firstForm(policy), policy) });
  for (;;) {
    const checkpoint = checkpointOf(host);
    if (checkpoint.lists.length > 0) {
      const { closed } = await fromTheStartIfEndless(host, () => readLists(activities, policy, host, moreUsers));
      if (closed) return 'finished';
    } else if (checkpoint.form === 'organization') {
      return 'finished';
    } else {
      if (!(await fromTheStartIfEndless(host, moreUsers))) return endOfUsers(host, organizations);
    }
    if (host.mustContinueAsNew()) return 'interrupted';
  }
}

/** A list without an end is walked from the window's start once the server is mended: the sink knows what it has. */
async function fromTheStartIfEndless<T>(host: WalkHost, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof EndlessList)) throw error;
    host.save({ checkpoint: again(checkpointOf(host)) });
    throw ApplicationFailure.nonRetryable(error.message, FailureType.apiRefused);
  }
}

/** @throws ApiRefused if an item of the organizations' or users' lists could not be used: somebody's chats are missing. */
function endOfUsers(host: WalkHost, organizations: Organizations): 'finished' {
  const odd = checkpointOf(host).users.odd ?? organizations.odd();
  if (odd === undefined) return 'finished';
  host.save({ checkpoint: again(checkpointOf(host)) });
  throw ApplicationFailure.nonRetryable(`everybody else's chats were read; ${odd}`, FailureType.apiRefused);
}
