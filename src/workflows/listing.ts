import { ApplicationFailure } from '@temporalio/workflow';
import type { ApiActivities } from '../activities/types';
import { FailureType } from '../contract';
import type { Checkpoint, Form, Policy, UsersPage } from '../state';
import { beginning, withUsers } from './checkpoint';

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
  if (next) return beginning(next, { fingerprint: policy.fingerprint, refusals });
  const said = refusals.map((refusal) => `${formNames[refusal.form]}: ${refusal.reason}`).join('; ');
  const remedy = policy.listing === 'organization' ? '; older servers list per user only: set LISTING=auto' : '';
  throw ApplicationFailure.nonRetryable(`${said}${remedy}`, FailureType.apiRefused);
}

/** The organizations of the tenant, oldest first, as far as they were asked for. */
export interface Organizations {
  /** The one after `uuid`; the first for null, or for one that is not there any more; null: none is left. */
  after(uuid: string | null): Promise<string | null>;
}

/** @throws (from `after`) Forbidden if the key may not list organizations. */
export function createOrganizations(
  { discoverOrganizations }: Pick<ApiActivities, 'discoverOrganizations'>,
  { pageSize }: Policy,
): Organizations {
  const known: string[] = [];
  let next: { page: string | null } | null = { page: null };

  async function at(index: number): Promise<string | null> {
    while (next && known.length <= index) {
      const { allowed, uuids, nextPage } = await discoverOrganizations({ page: next.page, limit: pageSize });
      if (!allowed) throw mayNotDiscover();
      known.push(...uuids);
      next = nextPage === null ? null : { page: nextPage };
    }
    return known[index] ?? null;
  }

  return {
    async after(uuid) {
      let index = 0;
      if (uuid !== null) {
        while (next && !known.includes(uuid)) await at(known.length);
        index = known.indexOf(uuid) + 1;
      }
      return await at(index);
    },
  };
}

/**
 * Per user, the lists of the users that come next: of the page of users that follows, or of those whom the policy names.
 *
 * @returns null if there are no further users.
 */
export async function nextUsers(
  { discoverUsers }: Pick<ApiActivities, 'discoverUsers'>,
  policy: Policy,
  checkpoint: Checkpoint,
  organizations: Organizations,
): Promise<Checkpoint | null> {
  const { current, next } = checkpoint.users;
  if (policy.userIds.length > 0) {
    const named = { organization: null, page: null, restarted: false };
    return current === null || next !== null ? withUsers(checkpoint, named, policy.userIds, null) : null;
  }
  const page = next ?? (await firstPage(organizations, current));
  if (page?.organization == null) return null;
  const found = await discoverUsers({ organization: page.organization, page: page.page, limit: policy.pageSize });
  if (!found.cursorRefused) return withUsers(checkpoint, page, found.userIds, found.nextPage);
  if (page.restarted)
    throw ApplicationFailure.nonRetryable('users: the server refuses its own cursor', FailureType.apiRefused);
  return { ...checkpoint, users: { current, next: { ...page, page: null, restarted: true } } };
}

async function firstPage(organizations: Organizations, current: UsersPage | null): Promise<UsersPage | null> {
  const organization = await organizations.after(current?.organization ?? null);
  return organization === null ? null : { organization, page: null, restarted: false };
}

function mayNotDiscover(): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    'the key may not list organizations (403, scope read:compliance_org_data), which a per-user listing needs to find ' +
      'the users: set USER_IDS, or make a new Compliance Access Key with that scope too',
    FailureType.forbidden,
  );
}
