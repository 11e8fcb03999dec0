import { openSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { end } from '../harness/child';
import { startDialogue } from '../harness/dialogue';
import { LISTINGS, type Listing } from './settings';

const PATIENCE_MS = 10_000;

/** How the API is at the moment. */
export const conditionsSchema = z.object({
  /** False: connections are refused. */
  listening: z.boolean(),
  /** The share of requests that fail, 0 to 1. */
  faults: z.number(),
  key: z.enum(['valid', 'revoked', 'without-organizations']),
  /** So many chats cannot be read: those that were written to last, and just now. */
  unreadable: z.int(),
  /** Others take every request of the budget. */
  budgetEaten: z.boolean(),
  /** By how much the API's clock is ahead, ms. */
  clockAheadMs: z.number(),
  /** Whether people write, rename, move and delete. */
  changing: z.boolean(),
});
export type Conditions = z.infer<typeof conditionsSchema>;

export const FAIR: Conditions = {
  listening: true,
  faults: 0,
  key: 'valid',
  unreadable: 0,
  budgetEaten: false,
  clockAheadMs: 0,
  changing: true,
};

export const tenantSpecSchema = z.object({
  seed: z.string(),
  /** The one key. */
  key: z.string(),
  /** Is part of every message's text, every chat's name, every person's name and e-mail address. */
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
      /** Of its creation, ms since 1970. */
      at: z.number(),
      /** When its chat was hard-deleted, ms since 1970; null if it was not. */
      deletedAt: z.number().nullable(),
      /** When its chat's user left, where the listing shows it no longer. */
      unlistedAt: z.number().nullable(),
    }),
  ),
  /** Messages beside these, in chats that the listing never shows. */
  unseen: z.int(),
  chatIds: z.array(z.string()),
  requests: z.int(),
  /** How many requests got each kind of fault. */
  faults: z.record(z.string(), z.int()),
});
export type TenantFacts = z.infer<typeof factsSchema>;

export interface TenantProcess {
  readonly url: string;
  /** Before everything that is there. */
  readonly backfillStart: string;
  set(conditions: Partial<Conditions>): Promise<void>;
  facts(): Promise<TenantFacts>;
  /** Requests so far that a fault could fall on. */
  answered(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts tenant-process.ts. */
export async function startTenant(spec: TenantSpec, logFile: string): Promise<TenantProcess> {
  const module = join(__dirname, 'tenant-process.js');
  const { child, ready, ask } = await startDialogue(module, spec, { log: openSync(logFile, 'a') });
  let conditions = FAIR;
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
