import { ApiError } from '../compliance-api/errors';
import { organizationSchema } from '../compliance-api/schemas';
import type { Attempt } from './attempt';
import { isCursorRefused } from './cursor-refused';
import { fittingItems, placeOf } from './list-items';
import type { DiscoveredOrganizations, OrganizationsRequest } from './types';

/**
 * Requests one page of the organizations (older servers have one page only). The answer, whatever its status, also
 * gives the server's clock. A key without the scope (403) is no failure, since it may still read chats.
 */
export async function discoverOrganizations(
  { page }: OrganizationsRequest,
  attempt: Attempt,
): Promise<DiscoveredOrganizations> {
  try {
    const { body, requestId, serverTimeMs } = await attempt.request((options) =>
      attempt.api.listOrganizations({ limit: attempt.limit, page: page ?? undefined }, options),
    );
    const { fitting, odd } = fittingItems(body.data, organizationSchema, requestId);
    return {
      allowed: true,
      cursorRefused: false,
      uuids: fitting.map((organization) => organization.uuid),
      odd,
      place: placeOf(fitting.at(-1)?.uuid),
      // If a server leaves out `has_more`, a `next_page` alone says that there is one.
      nextPage: body.has_more === false ? null : (body.next_page ?? null),
      serverTime: iso(serverTimeMs),
      requestId,
      requests: attempt.requests(),
    };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const cursorRefused = isCursorRefused(error, page);
    if (error.kind !== 'forbidden' && !cursorRefused) throw error;
    const nothing = { allowed: cursorRefused, cursorRefused, uuids: [], odd: null, place: null, nextPage: null };
    const { requestId, serverTimeMs } = error;
    return { ...nothing, serverTime: iso(serverTimeMs), requestId, requests: attempt.requests() };
  }
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
