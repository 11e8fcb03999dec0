import { z } from 'zod';
import { chatSyncShape } from './state';

const fromSeconds = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** A parked chat: id; `from`, `to` and `since` in seconds since 1970; the reason or its code; 1 for one to recover. A tuple, to be short. */
const storedParkedSchema = z
  .tuple([z.string(), z.int(), z.int(), z.int(), z.string(), z.literal(1).optional()])
  .transform(([chatId, from, to, since, reason, recover]) => ({
    chatId,
    from: fromSeconds(from),
    to: fromSeconds(to),
    reason,
    since: fromSeconds(since),
    ...(recover && { recover: true as const }),
  }));

/** The state as the workflow's memo holds it (workflows/memo.ts): without the parts that may be long. */
export const memoSchema = z.object({ ...chatSyncShape, parked: z.array(storedParkedSchema), running: z.boolean() });
export type Memo = z.output<typeof memoSchema>;
export type StoredMemo = z.input<typeof memoSchema>;
