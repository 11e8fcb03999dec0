import { ApiError } from '../compliance-api/errors';
import { userSchema } from '../compliance-api/schemas';
import type { Attempt } from './attempt';
import { isCursorRefused } from './cursor-refused';
import { fittingItems, placeOf } from './list-items';
import type { DiscoveredUsers, UsersRequest } from './types';

/** The result for an organization that was listed and is gone now: its users' chats would be missing. */
export const goneOrganization = (
  { organization }: UsersRequest,
  { requests }: { requests: number },
): DiscoveredUsers => ({
  ...noUsers(requests),
  odd: `organization ${organization} is listed, and gone when it is asked for`,
});

const noUsers = (requests: number, requestId: string | null = null): DiscoveredUsers => ({
  cursorRefused: false,
  userIds: [],
  odd: null,
  place: null,
  nextPage: null,
  requestId,
  requests,
});

/** Requests one page of an organization's current members. */
export async function discoverUsers({ organization, page }: UsersRequest, attempt: Attempt): Promise<DiscoveredUsers> {
  try {
    const { body, requestId } = await attempt.request((options) =>
      attempt.api.listOrganizationUsers(organization, { limit: attempt.limit, page: page ?? undefined }, options),
    );
    const { fitting, odd } = fittingItems(body.data, userSchema, requestId);
    return {
      cursorRefused: false,
      userIds: fitting.map((user) => user.id),
      odd,
      place: placeOf(fitting.at(-1)?.id),
      // If a server leaves out `has_more`, a `next_page` alone says that there is one.
      nextPage: body.has_more === false ? null : (body.next_page ?? null),
      requestId,
      requests: attempt.requests(),
    };
  } catch (error) {
    if (!(error instanceof ApiError && isCursorRefused(error, page))) throw error;
    return { ...noUsers(attempt.requests(), error.requestId), cursorRefused: true };
  }
}
