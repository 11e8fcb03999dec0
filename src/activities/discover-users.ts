import { ApiError } from '../compliance-api/errors';
import type { Attempt } from './attempt';
import type { DiscoveredUsers, UsersRequest } from './types';

/** Asks for one page of an organization's current members. An organization that is gone (404) has none. */
export async function discoverUsers({ organization, page }: UsersRequest, attempt: Attempt): Promise<DiscoveredUsers> {
  const nobody = { cursorRefused: false, userIds: [], nextPage: null };
  try {
    const { body } = await attempt.request((options) =>
      attempt.api.listOrganizationUsers(organization, { limit: attempt.limit, page: page ?? undefined }, options),
    );
    const userIds = body.data.map((user) => user.id);
    const nextPage = body.has_more ? (body.next_page ?? null) : null;
    return { cursorRefused: false, userIds, nextPage, requests: attempt.requests() };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.kind === 'not-found') return { ...nobody, requests: attempt.requests() };
    if (error.kind !== 'bad-request' || page === null) throw error;
    return { ...nobody, cursorRefused: true, requests: attempt.requests() };
  }
}
