import type { ComplianceApi } from '../compliance-api/client';
import { ApiError } from '../compliance-api/errors';
import { meaningOf } from '../domain/failure-kinds';
import { type Diagnosis, fail, ok, warn } from './diagnosis';

/** A worker takes the server's clock for its windows; this is a sign of a machine without NTP. */
const MOST_SKEW_MS = 30_000;

interface ApiFacts {
  api: ComplianceApi;
  listing: 'auto' | 'organization' | 'per-user';
  /** Requests left in the API's budget, by its last answer. */
  budgetRemaining: () => number | null;
}

/** Makes at most three requests, within the rate: of organizations, of chats, and one more to see who else spends the budget. */
export async function diagnoseApi({ api, listing, budgetRemaining }: ApiFacts): Promise<Diagnosis[]> {
  const found: Diagnosis[] = [];
  const organizations = await answerOf(() => api.listOrganizations({ limit: 1 }));
  if (organizations instanceof ApiError && !isScope(organizations)) return [failed('key', organizations)];
  const chats = await answerOf(() => api.listChats({ limit: 1, order_by: 'updated_at' }));
  const isOlder = chats instanceof ApiError && chats.status === 400;
  if (chats instanceof ApiError && !isOlder) return [failed('key', chats)];
  found.push(ok('key', 'is taken, and may read chats'));
  found.push(
    organizations instanceof ApiError
      ? warn(
          'scopes',
          'organizations may not be listed (read:compliance_org_data)',
          'needed only by servers that list chats per user: make a key with it if yours does',
        )
      : ok('scopes', 'organizations may be listed, too'),
  );
  found.push(listingOf(isOlder, listing, organizations instanceof ApiError));
  found.push(clockOf(chats.serverTimeMs));
  const before = budgetRemaining();
  if (before !== null) {
    await answerOf(() => api.listOrganizations({ limit: 1 }));
    const spent = before - (budgetRemaining() ?? before);
    const others = spent > 1 ? `; ${spent - 1} were spent by others meanwhile` : '';
    found.push(ok('budget', `${budgetRemaining() ?? before} requests are left in this minute${others}`));
  }
  return found;
}

async function answerOf<T>(request: () => Promise<T>): Promise<T | ApiError> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

const isScope = ({ kind }: ApiError): boolean => kind === 'forbidden';

function failed(check: string, error: ApiError): Diagnosis {
  return fail(check, error.message, meaningOf(error.kind).remedy.replace(/^; /, ''));
}

function listingOf(isOlder: boolean, listing: ApiFacts['listing'], lacksScope: boolean): Diagnosis {
  if (!isOlder)
    return ok(
      'listing',
      listing === 'per-user'
        ? 'LISTING=per-user: this server lists all chats in one, too'
        : 'all chats come in one list',
    );
  if (listing === 'organization')
    return fail('listing', 'this server lists chats per user only', 'LISTING=auto or per-user');
  return lacksScope
    ? fail(
        'listing',
        'this server lists chats per user only, and the key may not list users',
        'a key with read:compliance_org_data, or USER_IDS',
      )
    : ok('listing', 'this server lists chats per user');
}

function clockOf(serverTimeMs: number | null): Diagnosis {
  if (serverTimeMs === null)
    return warn('clock', 'the server says no time', 'it must not be further behind than SETTLE_SECONDS');
  const skewMs = Date.now() - serverTimeMs;
  const seconds = Math.abs(skewMs / 1000).toFixed(0);
  if (Math.abs(skewMs) <= MOST_SKEW_MS) return ok('clock', `is within ${seconds} s of the server's`);
  return warn(
    'clock',
    `is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} the server's`,
    'see to NTP on this machine; windows go by the earlier of both',
  );
}
