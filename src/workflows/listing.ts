import { ApplicationFailure } from '@temporalio/workflow';
import type { ApiActivities, DiscoveredOrganizations } from '../activities/types';
import { FailureType } from '../contract';
import type { Checkpoint, Form, Policy, Trail, UsersPage } from '../state';
import { beginning, withUsers } from './checkpoint';
import { followOn } from './trail';
import { checkpointOf, type WalkHost } from './walk-host';

/** What each setting tries, in this order: the next one when the server answers 400 to the first page of a list. */
const FORMS: Readonly<Record<Policy['listing'], readonly [Form, ...Form[]]>> = {
  auto: ['organization', 'per-user'],
  organization: ['organization'],
  'per-user': ['per-user', 'per-user-by-creation'],
};

export const formNames: Readonly<Record<Form, string>> = {
  organization: 'organization-wide',
  'per-user': 'per user',
  'per-user-by-creation': 'per user in the order of creation',
};

export const firstForm = ({ listing }: Policy): Form => FORMS[listing][0];

/**
 * The server refuses the form: the window begins again in the next one, where the sink knows what it has already.
 *
 * @throws ApiRefused with what the server said to each form, if it has refused them all.
 */
export function otherForm(policy: Policy, { form, refusals: before }: Checkpoint, reason: string): Checkpoint {
  const refusals = [...before.filter((refusal) => refusal.form !== form), { form, reason }];
  const next = FORMS[policy.listing].find((candidate) => refusals.every((refusal) => refusal.form !== candidate));
  const why = `the server refuses the ${formNames[form]} list: ${reason}`;
  if (next) return beginning(next, { fingerprint: policy.fingerprint, refusals, why });
  const said = refusals.map((refusal) => `${formNames[refusal.form]}: ${refusal.reason}`).join('; ');
  const remedy = policy.listing === 'organization' ? '; older servers list per user only: set LISTING=auto' : '';
  throw ApplicationFailure.nonRetryable(`${said}${remedy}`, FailureType.apiRefused);
}

/** The organizations of the tenant, oldest first, as far as they were asked for. */
export interface Organizations {
  /** The one after `uuid`; the first for null, or for one that is not there any more; null: none is left. */
  after: (this: void, uuid: string | null) => Promise<string | null>;
  /** What is wrong with one that was listed; undefined: nothing so far. */
  odd: (this: void) => string | undefined;
}

/**
 * Asks for the organizations page by page. A cursor that is refused is given up once: the list begins anew.
 *
 * @throws (from the iterator) ApiRefused if cursors are refused for good, EndlessList.
 */
export async function* organizationPages(
  { discoverOrganizations }: Pick<ApiActivities, 'discoverOrganizations'>,
  limit: number,
): AsyncGenerator<DiscoveredOrganizations, void, void> {
  let trail: Trail | undefined;
  let page: string | null = null;
  let begunAnew = false;
  for (;;) {
    const found: DiscoveredOrganizations = await discoverOrganizations({ page, limit });
    if (found.cursorRefused && begunAnew) throw refusesItsCursor('organizations');
    yield found;
    begunAnew ||= found.cursorRefused;
    if (found.cursorRefused) trail = undefined;
    else if (found.nextPage === null) return;
    else trail = followOn('organizations', trail, { cursor: found.nextPage, place: found.place });
    page = found.nextPage;
  }
}

const refusesItsCursor = (list: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(`${list}: the server refuses its own cursor`, FailureType.apiRefused);

/** @throws (from `after`) MayNotDiscover if the key may not list organizations. */
export function createOrganizations(
  activities: Pick<ApiActivities, 'discoverOrganizations'>,
  { pageSize }: Policy,
): Organizations {
  const known: string[] = [];
  const pages = organizationPages(activities, pageSize);
  let odd: string | undefined;
  let isEnd = false;

  async function at(index: number): Promise<string | null> {
    while (!isEnd && known.length <= index) {
      const next = await pages.next();
      if (next.done) isEnd = true;
      else {
        const found = next.value;
        if (!found.allowed) throw new MayNotDiscover();
        if (found.odd !== null) odd ??= `organizations: ${found.odd}`;
        // A list that begins anew brings what is known already.
        for (const uuid of found.uuids) if (!known.includes(uuid)) known.push(uuid);
      }
    }
    return known[index] ?? null;
  }

  return {
    odd: () => odd,
    async after(uuid) {
      let index = 0;
      if (uuid !== null) {
        while (!isEnd && !known.includes(uuid)) await at(known.length);
        index = known.indexOf(uuid) + 1;
      }
      return await at(index);
    },
  };
}

/**
 * Per user, the lists of the users that come next: of the page of users that follows, or of those whom the policy names.
 *
 * @returns the walk's place with these lists; null if there are no further users.
 * @throws Forbidden if the users cannot be found, ApiRefused if there are none at all.
 */
export async function nextUsers(
  activities: Pick<ApiActivities, 'discoverUsers'>,
  policy: Policy,
  host: Pick<WalkHost, 'unfinished'>,
  organizations: Organizations,
): Promise<Checkpoint | null> {
  const checkpoint = checkpointOf(host);
  const { current, last, next } = checkpoint.users;
  if (policy.userIds.length > 0) {
    const named = { organization: null, page: null, after: null };
    return current === null || next !== null ? withUsers(checkpoint, named, policy.userIds, null) : null;
  }
  const because = checkpoint.why === null ? '' : `; ${checkpoint.why}`;
  const page = next ?? (await firstPage(organizations, current, because));
  if (page !== null) return await turnTo(activities, policy, host, page);
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
  host: Pick<WalkHost, 'unfinished'>,
  page: UsersPage,
): Promise<Checkpoint> {
  const { organization, after } = page;
  const found = await discoverUsers({ organization: organization ?? '', page: page.page, limit: pageSize });
  // Lists were walked meanwhile.
  const checkpoint = checkpointOf(host);
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

/** Organizations answer 403. */
class MayNotDiscover extends Error {
  override name = 'MayNotDiscover';
}
