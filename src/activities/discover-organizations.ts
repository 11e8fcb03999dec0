import { ApiError } from '../compliance-api/errors';
import type { Attempt } from './attempt';
import type { DiscoveredOrganizations, OrganizationsRequest } from './types';

/**
 * Asks for one page of the organizations; older servers have no pages. The answer, whatever its status, is also where the
 * window learns the server's clock. A key without the scope (403) is no failure: its chats may be readable all the same.
 */
export async function discoverOrganizations(
  { page }: OrganizationsRequest,
  attempt: Attempt,
): Promise<DiscoveredOrganizations> {
  try {
    const { body, serverTimeMs } = await attempt.request((options) =>
      attempt.api.listOrganizations({ limit: attempt.limit, page: page ?? undefined }, options),
    );
    const uuids = body.data.map((organization) => organization.uuid);
    const nextPage = body.has_more ? (body.next_page ?? null) : null;
    return {
      allowed: true,
      cursorRefused: false,
      uuids,
      nextPage,
      serverTime: iso(serverTimeMs),
      requests: attempt.requests(),
    };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const cursorRefused = error.kind === 'bad-request' && page !== null;
    if (error.kind !== 'forbidden' && !cursorRefused) throw error;
    const nothing = { allowed: cursorRefused, cursorRefused, uuids: [], nextPage: null };
    return { ...nothing, serverTime: iso(error.serverTimeMs), requests: attempt.requests() };
  }
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
