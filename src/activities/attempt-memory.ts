import { z } from 'zod';
import { isDoubtful, recoveryOf, type ApiError, type Recovery } from '../compliance-api/errors';

/** One chat that fails for so long while others are served can never be read. */
const HOPELESS_MS = 30 * 60_000;
/** What one pair of attempts may add to that time: an outage of everything must not count. */
const LONGEST_STEP_MS = 60_000;
/** So many doubtful answers in a row are no accident of a gateway any more. */
const DOUBTFUL_ANSWERS = 5;

/** What an attempt knows of those before it: Temporal hands the last heartbeat's details to the next attempt. */
export const memorySchema = z.object({
  /** HTTP requests made. */
  requests: z.number().default(0),
  /** Ask for no more records than this, since an answer was larger than the cap. */
  limit: z.number().optional(),
  /** Spent on failures while the API served others, ms. */
  failingMs: z.number().default(0),
  lastFailureAt: z.number().optional(),
  doubtfulAnswers: z.number().default(0),
  sinkFailed: z.boolean().default(false),
});
export type Memory = z.infer<typeof memorySchema>;

export interface FailedAttempt {
  error: ApiError;
  /** How many records were asked for. */
  limit: number;
  now: number;
  /** When the API last answered anyone well, ms; to tell one chat's failure from an outage. */
  lastSuccessAt: number;
}

/** Notes in `memory` what the next attempt has to know, and says whether there should be one. */
export function remember(memory: Memory, { error, limit, now, lastSuccessAt }: FailedAttempt): Recovery {
  const giveUp: Recovery = error.endpoint === 'messages' ? 'never' : 'stop';
  memory.doubtfulAnswers = isDoubtful(error) ? memory.doubtfulAnswers + 1 : 0;
  switch (error.kind) {
    case 'not-our-turn':
    case 'no-key':
    case 'no-path':
      memory.requests -= 1;
      return recoveryOf(error);
    case 'rate-limited':
    case 'no-room':
      return 'later';
    case 'too-large':
      memory.limit = Math.max(1, Math.floor(limit / 2));
      return limit === 1 ? giveUp : 'later';
    default: {
      const recovery = recoveryOf(error);
      if (recovery !== 'later')
        return isDoubtful(error) && memory.doubtfulAnswers < DOUBTFUL_ANSWERS ? 'later' : recovery;
      const before = memory.lastFailureAt;
      memory.lastFailureAt = now;
      if (before !== undefined && lastSuccessAt > before) memory.failingMs += Math.min(now - before, LONGEST_STEP_MS);
      return error.endpoint === 'messages' && memory.failingMs >= HOPELESS_MS ? 'never' : 'later';
    }
  }
}
