import type { ApplicationFailure } from '@temporalio/workflow';
import type { ApiActivities, DiscoveredOrganizations } from '../activities/types';
import type { Policy } from '../config/policy';
import type { Trail } from '../domain/checkpoint';
import { abbreviate } from '../text/abbreviate';
import { FailureType } from '../contract';
import { apiRefused, failureDetails, failureType, sayOf } from './failures';
import { followOn } from './trail';

/** The tenant's organizations, oldest first, requested page by page as needed. */
export interface Organizations {
  /** The organization after `uuid`; the first if `uuid` is null or no longer listed. Null if none is left. */
  after: (this: void, uuid: string | null) => Promise<string | null>;
  /** What is wrong with the first malformed item; undefined: nothing so far. */
  odd: (this: void) => string | undefined;
}

/**
 * Requests the organizations page by page. After a first refused cursor the list starts over.
 *
 * @throws (from the iterator) ApiRefused at the second refused cursor, EndlessList.
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
    if (found.cursorRefused && begunAnew) throw refusesItsCursor('organizations', found.requestId);
    yield found;
    begunAnew ||= found.cursorRefused;
    if (found.cursorRefused) trail = undefined;
    else if (found.nextPage === null) return;
    else trail = followOn('organizations', trail, { ...found, cursor: found.nextPage });
    page = found.nextPage;
  }
}

export const refusesItsCursor = (list: string, requestId: string | null): ApplicationFailure =>
  apiRefused(`${list}: the server refuses its own cursor`, requestId);

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
        // A list that starts over repeats known organizations.
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

/** Thrown if the API answers 403 to the list of organizations. */
export class MayNotDiscover extends Error {
  override name = 'MayNotDiscover';
}

/**
 * Requests the organizations: one page for the server's clock, and further ones only to find those that the policy
 * names by UUID (`org_...` ids appear on chats alone).
 */
export async function lookAtOrganizations(
  activities: Pick<ApiActivities, 'discoverOrganizations'>,
  { organizationIds, pageSize }: Policy,
): Promise<{ requests: number; serverTime: string | null; warnings: string[] }> {
  const missing = new Set(organizationIds.filter((id) => !id.startsWith('org_')));
  let [requests, serverTime, allowed]: [number, string | null, boolean] = [0, null, true];
  const warnings: string[] = [];
  try {
    for await (const found of organizationPages(activities, pageSize)) {
      requests += found.requests;
      serverTime ??= found.serverTime;
      allowed &&= found.allowed;
      for (const uuid of found.uuids) missing.delete(uuid.toLowerCase());
      if (found.cursorRefused) missing.clear();
      if (missing.size === 0) break;
    }
  } catch (error) {
    // Other requests are served: this list only gives the clock, and checks the policy's organizations.
    if (failureType(error) !== FailureType.apiUnavailable) throw error;
    missing.clear();
    requests += failureDetails(error).requests;
    serverTime ??= failureDetails(error).serverTime;
    warnings.push(`${sayOf(error)}: carrying on with chats only`);
  }
  if (!allowed) {
    warnings.push(
      'the key may not list organizations (403, scope read:compliance_org_data): carrying on with chats only',
    );
  } else if (missing.size > 0) {
    warnings.push(`ORGANIZATION_IDS: the key reaches no organization ${abbreviate([...missing])}`);
  }
  return { requests, serverTime, warnings };
}
