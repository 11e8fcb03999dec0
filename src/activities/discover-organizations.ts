import { ApiError } from '../compliance-api/errors';
import type { Attempt } from './attempt';
import type { Organizations } from './types';

/**
 * Asks for the first page of the organizations. The answer, whatever its status, is also where the window learns the
 * server's clock. A key without the scope (403) is no failure: its chats may be readable all the same.
 */
export async function discoverOrganizations(attempt: Attempt): Promise<Organizations> {
  const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  try {
    const { serverTimeMs } = await attempt.request((options) =>
      attempt.api.listOrganizations({ limit: attempt.limit }, options),
    );
    return { allowed: true, serverTime: iso(serverTimeMs), requests: attempt.requests() };
  } catch (error) {
    if (!(error instanceof ApiError) || error.kind !== 'forbidden') throw error;
    return {
      allowed: false,
      serverTime: iso(error.serverTimeMs),
      requests: attempt.requests(),
    };
  }
}
