import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ids, integer, interval, number, time } from './values';

/** The settings that a sync follows. A new one needs a line here, one in `policyOf` and one in `.env.example`. */
export const policySettings = {
  BACKFILL_START: time.optional(),
  ORGANIZATION_IDS: ids(
    /^(org_\w+|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12})$/i,
    'organization ids (org_... or UUIDs)',
  ).optional(),
  PROJECT_IDS: ids(/^(claude_)?proj_[\w-]+$/, 'project ids (claude_proj_... or proj_...)').optional(),
  USER_IDS: ids(/^user_[\w-]+$/, 'user ids (user_...)').optional(),
  LISTING: z.enum(['auto', 'organization', 'per-user']).default('auto'),
  MESSAGES: z.enum(['new', 'all']).default('new'),
  REQUESTS_PER_SECOND: number('a number above 0, at most 10000', (value) => value > 0 && value <= 10_000).prefault('4'),
  PAGE_SIZE: integer(1, 1000).prefault('1000'),
  WORKERS: integer(1, 100).prefault('1'),
  SETTLE_SECONDS: integer(0, 86_400).prefault('60'),
  CENSUS_EVERY: z
    .union([z.literal('0').transform(() => 0), interval], '0 for never, or a number and s, m, h or d, as 1d')
    .prefault('1d'),
  ON_CHAT_FAILURE: z.enum(['fail', 'park']).default('fail'),
};

type PolicySettings = Readonly<z.output<z.ZodObject<typeof policySettings>>>;

/** How a sync lists chats (LISTING), and how they are listed to be compared. */
export type Listing = PolicySettings['LISTING'] | 'by-creation' | 'per-user-by-creation';

/** The settings that a sync follows. They are kept in the sync's history, so none of them is a secret. */
export interface Policy extends ReturnType<typeof policyOf> {
  /** Chats that are read at once, instead of as many as keep the API busy whatever its answers take. */
  readsAtOnce?: number;
  /** Continue as new after this many events instead of the usual number; for tests. */
  maxHistoryEvents?: number | undefined;
}

/** The policy of a worker's settings, with ids in canonical form. @param build The worker's version. */
export function policyOf(settings: PolicySettings, build: string) {
  const organizationIds = unique(
    (settings.ORGANIZATION_IDS ?? []).map((id) => (id.startsWith('org_') ? id : id.toLowerCase())),
  );
  const projectIds = unique((settings.PROJECT_IDS ?? []).map((id) => id.replace(/^proj_/, 'claude_proj_')));
  const userIds = settings.USER_IDS ?? [];
  const filters = hash([organizationIds.toSorted(), projectIds.toSorted(), userIds.toSorted()]);
  return {
    build,
    listing: settings.LISTING as Listing,
    messages: settings.MESSAGES,
    backfillStart: settings.BACKFILL_START ?? null,
    organizationIds,
    projectIds,
    userIds,
    requestsPerSecond: settings.REQUESTS_PER_SECOND,
    workers: settings.WORKERS,
    pageSize: settings.PAGE_SIZE,
    onChatFailure: settings.ON_CHAT_FAILURE,
    /** 0: never. */
    censusEveryMs: settings.CENSUS_EVERY,
    settleSeconds: settings.SETTLE_SECONDS,
    /** Hash of the three filters alone. */
    filters,
    /** Hash of the settings that a cursor depends on: a checkpoint made under another hash is not continued. */
    fingerprint: hash([filters, settings.LISTING, settings.MESSAGES, settings.PAGE_SIZE]),
  };
}

const unique = (ids: string[]): string[] => [...new Set(ids)];

const hash = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
