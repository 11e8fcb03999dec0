import { createHash } from 'node:crypto';
import type { WorkerSettings } from './config';
import type { Policy } from './domain/state';

/** What a sync follows of the worker's settings, ids in their one canonical form. */
export function policyOf(settings: WorkerSettings, build: string): Policy {
  const organizationIds = unique(
    (settings.ORGANIZATION_IDS ?? []).map((id) => (id.startsWith('org_') ? id : id.toLowerCase())),
  );
  const projectIds = unique((settings.PROJECT_IDS ?? []).map((id) => id.replace(/^proj_/, 'claude_proj_')));
  const userIds = settings.USER_IDS ?? [];
  const filters = hash([organizationIds.toSorted(), projectIds.toSorted(), userIds.toSorted()]);
  return {
    build,
    sink: settings.SINK,
    listing: settings.LISTING,
    messages: settings.MESSAGES,
    backfillStart: settings.BACKFILL_START ?? null,
    organizationIds,
    projectIds,
    userIds,
    requestsPerSecond: settings.REQUESTS_PER_SECOND,
    workers: settings.WORKERS,
    pageSize: settings.PAGE_SIZE,
    onChatFailure: settings.ON_CHAT_FAILURE,
    settleSeconds: settings.SETTLE_SECONDS,
    filters,
    fingerprint: hash([settings.SINK, filters, settings.LISTING, settings.MESSAGES, settings.PAGE_SIZE]),
  };
}

const unique = (ids: string[]): string[] => [...new Set(ids)];

const hash = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
