import { openSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { end } from '../harness/child';
import { startDialogue } from '../harness/dialogue';
import { LISTINGS, type Listing } from './settings';

const PATIENCE_MS = 10_000;

/** The state of the simulated API. */
export const conditionsSchema = z.object({
  /** False refuses connections. */
  listening: z.boolean(),
  /** The share of requests that fail, 0 to 1. */
  faultRate: z.number(),
  key: z.enum(['valid', 'revoked', 'without-organizations']),
  /** The number of chats that cannot be read; each gets a message when the number changes. */
  unreadable: z.int(),
  /** Whether other clients use up the rate limit. */
  budgetEaten: z.boolean(),
  /** The skew of the API's clock, ms; negative is behind. */
  clockAheadMs: z.number(),
  /** Whether the tenant changes. */
  changing: z.boolean(),
});
export type Conditions = z.infer<typeof conditionsSchema>;

/** No faults, and a tenant that changes. */
export const HEALTHY: Conditions = {
  listening: true,
  faultRate: 0,
  key: 'valid',
  unreadable: 0,
  budgetEaten: false,
  clockAheadMs: 0,
  changing: true,
};

export const tenantSpecSchema = z.object({
  seed: z.string(),
  /** The only valid API key. */
  key: z.string(),
  /** Part of every message's text, chat's name, user's name and e-mail address. */
  marker: z.string(),
  chats: z.int(),
  listing: z.enum(Object.keys(LISTINGS) as [Listing, ...Listing[]]),
});
export type TenantSpec = z.infer<typeof tenantSpecSchema>;

const readySchema = z.object({ url: z.string(), backfillStart: z.string() });

export const factsSchema = z.object({
  messages: z.array(
    z.object({
      id: z.string(),
      chatId: z.string(),
      /** When the message was created, ms since 1970. */
      at: z.number(),
      /** When the chat was hard-deleted, ms since 1970; null if it was not. */
      deletedAt: z.number().nullable(),
      /** When the listing ceased to show the chat because its user left, ms since 1970; null if it shows it. */
      unlistedAt: z.number().nullable(),
    }),
  ),
  /** The number of further messages, in chats that the listing never shows. */
  unseen: z.int(),
  chatIds: z.array(z.string()),
  requests: z.int(),
  /** How many requests failed on purpose, by `FaultKind`. */
  requestFaults: z.record(z.string(), z.int()),
});
export type TenantFacts = z.infer<typeof factsSchema>;

export interface TenantProcess {
  readonly url: string;
  /** A time before the first message, RFC 3339. */
  readonly backfillStart: string;
  /** Changes these conditions and leaves the others. */
  set(conditions: Partial<Conditions>): Promise<void>;
  facts(): Promise<TenantFacts>;
  /** The number of requests so far that failed on purpose or got 200. */
  answered(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts tenant-process.ts. @throws Error if it exits before it is ready */
export async function startTenant(spec: TenantSpec, logFile: string): Promise<TenantProcess> {
  const module = join(__dirname, 'tenant-process.js');
  const { child, ready, ask } = await startDialogue(module, spec, { log: openSync(logFile, 'a') });
  let conditions = HEALTHY;
  return {
    ...readySchema.parse(ready),
    async set(change) {
      conditions = { ...conditions, ...change };
      await ask(conditions);
    },
    facts: async () => factsSchema.parse(await ask('facts')),
    answered: async () => z.int().parse(await ask('answered')),
    stop: () => end(child, PATIENCE_MS),
  };
}
