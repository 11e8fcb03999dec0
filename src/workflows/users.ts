import { ApplicationFailure } from '@temporalio/workflow';
import type { ApiActivities } from '../activities/types';
import { FailureType } from '../contract';
import type { Policy } from '../config/policy';
import type { Checkpoint, UsersPage } from '../domain/checkpoint';
import { withUsers } from './checkpoint';
import { MayNotDiscover, refusesItsCursor, type Organizations } from './organizations';
import { followOn } from './trail';
import { apiRefused, failureType, isOfOneList, isOwnFailure, mayPass, sayOf } from './failures';
import type { SourceState } from './source-state';

/** How often users are requested again behind the same user, as cursors expire; then the server is at fault. */
const MOST_RESUMED = 3;

/**
 * For listing per user: adds the lists of the next page of users, or of the users that the policy names.
 *
 * @returns the checkpoint with these lists; null if there are no further users.
 * @throws Forbidden if the key may not list organizations, ApiRefused if there are no users at all.
 */
export async function nextUsers(
  activities: Pick<ApiActivities, 'discoverUsers'>,
  policy: Policy,
  source: SourceState,
  organizations: Organizations,
): Promise<Checkpoint | null> {
  const checkpoint = source.checkpoint;
  const { current, last, next } = checkpoint.users;
  if (policy.userIds.length > 0) {
    const named = { organization: null, page: null, after: null };
    return current === null || next !== null ? withUsers(checkpoint, named, policy.userIds, null) : null;
  }
  const because = checkpoint.why === null ? '' : `; ${checkpoint.why}`;
  const page = next ?? (await firstPage(organizations, current, because));
  if (page !== null) return await turnTo(activities, policy, source, page);
  if (last !== null || checkpoint.users.odd !== undefined) return null;
  throw apiRefused(`users: no organization has any${because}`);
}

async function firstPage(
  organizations: Organizations,
  current: UsersPage | null,
  because: string,
): Promise<UsersPage | null> {
  try {
    const organization = await organizations.after(current?.organization ?? null);
    return organization === null ? null : { organization, page: null, after: null };
  } catch (error) {
    if (!(error instanceof MayNotDiscover)) throw error;
    throw ApplicationFailure.nonRetryable(
      'the key may not list organizations (403, scope read:compliance_org_data), which a per-user listing needs to find ' +
        `the users: set USER_IDS, or make a new Compliance Access Key with that scope too${because}`,
      FailureType.forbidden,
    );
  }
}

async function turnTo(
  { discoverUsers }: Pick<ApiActivities, 'discoverUsers'>,
  { pageSize }: Policy,
  source: SourceState,
  page: UsersPage,
): Promise<Checkpoint> {
  const { organization, after } = page;
  const found = await discoverUsers({ organization: organization ?? '', page: page.page, limit: pageSize }).catch(
    (error: unknown) => {
      const isOwn = mayPass(error) || isOfOneList(error);
      const isForbidden = failureType(error) === FailureType.forbidden && source.checkpoint.users.last !== null;
      if (!isOwnFailure(error) || !(isOwn || isForbidden)) throw error;
      return sayOf(error);
    },
  );
  // Read only now: the walk changed the checkpoint during the request.
  const checkpoint = source.checkpoint;
  if (typeof found === 'string') {
    // The walk goes on with the other organizations; then the sync fails.
    const said = `users of organization ${organization ?? ''}: ${found}`;
    const passed = withUsers(checkpoint, page, [], null);
    return { ...passed, users: { ...passed.users, odd: passed.users.odd ?? said } };
  }
  const odd = checkpoint.users.odd ?? (found.odd === null ? undefined : `users: ${found.odd}`);
  const before = page.page === null ? undefined : checkpoint.users.trail;
  const trail = found.nextPage === null ? undefined : followOn('users', before, { ...found, cursor: found.nextPage });
  const users = { ...checkpoint.users, odd, trail };
  if (found.cursorRefused) {
    const before = users.resumed?.after === users.last ? users.resumed.times : 0;
    if (before >= MOST_RESUMED) throw refusesItsCursor('users', found.requestId);
    const next = { organization, page: null, after: users.last };
    const resumed = { after: users.last, times: before + 1 };
    return { ...checkpoint, users: { ...users, next, resumed, trail: undefined } };
  }
  const walked = after === null ? -1 : found.userIds.indexOf(after);
  const isPassedOver = after !== null && walked === -1;
  const nextPage =
    found.nextPage === null ? null : { organization, page: found.nextPage, after: isPassedOver ? after : null };
  // If no page names the user to go on behind, all users are walked again; chats in the archive are not requested again.
  if (isPassedOver)
    return { ...checkpoint, users: { ...users, next: nextPage ?? { organization, page: null, after: null } } };
  return withUsers({ ...checkpoint, users }, page, found.userIds.slice(walked + 1), nextPage);
}
