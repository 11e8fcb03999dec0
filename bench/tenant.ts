import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { startDialogue } from '../harness/dialogue';
import { STDERR } from './processes';

export const tenantSpecSchema = z.object({
  chats: z.int(),
  /** At least and at most. */
  messagesPerChat: z.tuple([z.int(), z.int()]),
  /** One chat more for each entry, with so many messages. */
  bigChats: z.array(z.int()),
  /** One after another, each for an equal share of the requests. */
  latenciesMs: z.array(z.number()).min(1),
  /** In two organizations, behind a server that lists per user only; null: the demo's people, behind one of today. */
  users: z.int().nullable(),
  /** Instead of all that: an API whose every answer is as large as it may be, with so many chats of each kind. */
  hostile: z.int().optional(),
});
export type TenantSpec = z.infer<typeof tenantSpecSchema>;

const readySchema = z.object({
  url: z.string(),
  key: z.string(),
  /** Before everything that is there. */
  backfillStart: z.string(),
  users: z.int(),
  /** Lists that a per-user reader asks for; 0 where there is one for all. */
  groups: z.int(),
  fewestRequests: z.int(),
});
export type TenantReady = z.infer<typeof readySchema>;

const factsSchema = z.object({
  /** When each request came in, ms of a clock that never jumps. */
  requestTimes: z.array(z.number()),
  /** The same, of requests for a chat's messages only. */
  readingTimes: z.array(z.number()),
  /** Of every message that an exact reader finds. */
  messageIds: z.array(z.string()),
});
export type TenantFacts = z.infer<typeof factsSchema>;

/** What came in, of which messages. */
export const factsOf = (requests: readonly { at: number; path: string }[], messageIds: string[]): TenantFacts => ({
  requestTimes: requests.map(({ at }) => at),
  readingTimes: requests.filter(({ path }) => path.endsWith('/messages')).map(({ at }) => at),
  messageIds,
});

export interface TenantProcess extends TenantReady {
  readonly child: ChildProcess;
  facts(): Promise<TenantFacts>;
}

/** Starts tenant-process.ts, or hostile-process.ts. */
export async function startTenant(spec: TenantSpec): Promise<TenantProcess> {
  const module = join(__dirname, spec.hostile === undefined ? 'tenant-process.js' : 'hostile-process.js');
  const { child, ready, ask } = await startDialogue(module, spec, { log: STDERR });
  return { child, ...readySchema.parse(ready), facts: async () => factsSchema.parse(await ask('facts')) };
}
