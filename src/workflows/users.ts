import { ApplicationFailure } from '@temporalio/workflow';
import type { ApiActivities } from '../activities/types';
import { FailureType } from '../contract';
import type { Policy } from '../config/policy';
import type { Checkpoint, UsersPage } from '../domain/state';
import { withUsers } from './checkpoint';
import { MayNotDiscover, refusesItsCursor, type Organizations } from './organizations';
import { followOn } from './trail';
import type { SourceState } from './source-state';

/**
 * Per user, the lists of the users that come next: of the page of users that follows, or of those whom the policy names.
 *
 * @returns the walk's place with these lists; null if there are no further users.
 * @throws Forbidden if the users cannot be found, ApiRefused if there are none at all.
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
  if (last !== null) return null;
  throw ApplicationFailure.nonRetryable(`users: no organization has any${because}`, FailureType.apiRefused);
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
  const found = await discoverUsers({ organization: organization ?? '', page: page.page, limit: pageSize });
  // Lists were walked meanwhile.
  const checkpoint = source.checkpoint;
  const odd = checkpoint.users.odd ?? (found.odd === null ? undefined : `users: ${found.odd}`);
  const before = page.page === null ? undefined : checkpoint.users.trail;
  const trail =
    found.nextPage === null ? undefined : followOn('users', before, { cursor: found.nextPage, place: found.place });
  const users = { ...checkpoint.users, odd, trail };
  if (found.cursorRefused) {
    if (users.last === users.resumedAfter) throw refusesItsCursor('users');
    const next = { organization, page: null, after: users.last };
    return { ...checkpoint, users: { ...users, next, resumedAfter: users.last, trail: undefined } };
  }
  const walked = after === null ? -1 : found.userIds.indexOf(after);
  const isPassedOver = after !== null && walked === -1;
  const nextPage =
    found.nextPage === null ? null : { organization, page: found.nextPage, after: isPassedOver ? after : null };
  // The one to go on after has left: all are walked again, where the sink knows what it has.
  if (isPassedOver)
    return { ...checkpoint, users: { ...users, next: nextPage ?? { organization, page: null, after: null } } };
  return withUsers({ ...checkpoint, users }, page, found.userIds.slice(walked + 1), nextPage);
}
