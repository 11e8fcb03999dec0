import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { startDialogue } from '../harness/dialogue';
import { STDERR } from './processes';

export const tenantSpecSchema = z.object({
  chats: z.int(),
  /** The least and the most. */
  messagesPerChat: z.tuple([z.int(), z.int()]),
  /** The number of messages of each additional chat. */
  bigChats: z.array(z.int()),
  /** Latencies of the API, ms: each holds for an equal share of the requests, in this order. */
  latenciesMs: z.array(z.number()).min(1),
  /**
   * Users in two organizations, on a `legacy` server, which lists per user; null is the demo tenant on a `now` server.
   */
  users: z.int().nullable(),
  /** False: answers have no `Date`, so that windows end by the worker's clock, while the tenant's stands still. */
  sendDate: z.boolean().optional(),
  /** The number of chats of each hostile kind; set, it replaces the simulator by the hostile API. */
  hostile: z.int().optional(),
});
export type TenantSpec = z.infer<typeof tenantSpecSchema>;

const readySchema = z.object({
  url: z.string(),
  key: z.string(),
  /** A time before the first message, RFC 3339. */
  backfillStart: z.string(),
  users: z.int(),
  /** The number of lists that a per-user reader requests; 0 on a server that lists all chats at once. */
  groups: z.int(),
  fewestRequests: z.int(),
});
export type TenantReady = z.infer<typeof readySchema>;

const factsSchema = z.object({
  /** When each request arrived, ms of a clock that never jumps. */
  requestTimes: z.array(z.number()),
  /** When each request for a chat's messages arrived. */
  readingTimes: z.array(z.number()),
  /** The ids of all messages that the archive must hold. */
  messageIds: z.array(z.string()),
});
export type TenantFacts = z.infer<typeof factsSchema>;

export const factsOf = (requests: readonly { at: number; path: string }[], messageIds: string[]): TenantFacts => ({
  requestTimes: requests.map(({ at }) => at),
  readingTimes: requests.filter(({ path }) => path.endsWith('/messages')).map(({ at }) => at),
  messageIds,
});

export interface TenantProcess extends TenantReady {
  readonly child: ChildProcess;
  facts(): Promise<TenantFacts>;
}

/** Starts tenant-process.ts, or hostile-process.ts if the spec says so. @throws Error if it exits before it is ready */
export async function startTenant(spec: TenantSpec): Promise<TenantProcess> {
  const module = join(__dirname, spec.hostile === undefined ? 'tenant-process.js' : 'hostile-process.js');
  const { child, ready, ask } = await startDialogue(module, spec, { log: STDERR });
  return { child, ...readySchema.parse(ready), facts: async () => factsSchema.parse(await ask('facts')) };
}
