import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { z } from 'zod';
import type { ComplianceApi } from '../compliance-api/client';
import { ApiError } from '../compliance-api/errors';
import type { Sink } from '../sinks/sink';
import { toFailure } from './failures';

const HEARTBEAT_MS = 5000;
/** One chat that answers 5xx for so long while others are served can never be read. */
const HOPELESS_MS = 30 * 60_000;
/** What one pair of attempts may add to that time: an outage of everything must not count. */
const LONGEST_STEP_MS = 60_000;
/** So many answers of another shape, or redirects, are no accident of a gateway any more. */
const ODD_ANSWERS = 5;

/** What an attempt knows of those before it: Temporal hands the last heartbeat's details to the next attempt. */
const memorySchema = z.object({
  /** HTTP requests made. */
  requests: z.number().default(0),
  /** Ask for no more records than this, since an answer was larger than the cap. */
  limit: z.number().optional(),
  /** Spent on plain 5xx while the API served others, ms. */
  failingMs: z.number().default(0),
  lastFailureAt: z.number().optional(),
  /** Answers that should never come, and may have been an accident of something in between. */
  oddAnswers: z.number().default(0),
  sinkFailed: z.boolean().default(false),
});
type Memory = z.infer<typeof memorySchema>;

/** One attempt of an activity that calls the API. */
export interface Attempt {
  readonly api: ComplianceApi;
  readonly sink: Sink;
  /** How many records to ask for. */
  readonly limit: number;
  /** The attempt before failed in the sink. */
  readonly sinkFailed: boolean;
  /** HTTP requests so far, over all attempts. */
  requests(): number;
  /** Makes the attempt's one HTTP request. */
  request<T>(call: (options: { signal: AbortSignal }) => Promise<T>): Promise<T>;
}

export interface AttemptOptions {
  /** Named in failures. */
  chatId?: string;
  pageSize: number;
}

export type RunAttempt = <T>(options: AttemptOptions, run: (attempt: Attempt) => Promise<T>) => Promise<T>;

/** Heartbeats, what attempts remember, and failures as Temporal's: the same for every activity that calls the API. */
export function createAttempts({ api, sink }: { api: ComplianceApi; sink: Sink }): RunAttempt {
  let lastSuccessAt = 0;

  return async (options, run) => {
    const known = memorySchema.safeParse(activityInfo().heartbeatDetails ?? {});
    const memory: Memory = known.success ? known.data : memorySchema.parse({});
    const signal = cancellationSignal();
    const beat = (): void => heartbeat(memory);
    const timer = setInterval(beat, HEARTBEAT_MS);
    const limit = memory.limit ?? options.pageSize;
    try {
      return await run({
        api,
        sink,
        limit,
        sinkFailed: memory.sinkFailed,
        requests: () => memory.requests,
        async request(call) {
          memory.requests += 1;
          beat();
          const answer = await call({ signal });
          lastSuccessAt = Date.now();
          return answer;
        },
      });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const failure = error instanceof ApiError ? remember(memory, error, options.chatId, limit, lastSuccessAt) : error;
      memory.sinkFailed = !(error instanceof ApiError);
      beat();
      const mayPass = isOdd(failure) && memory.oddAnswers < ODD_ANSWERS;
      throw toFailure(failure, { requests: memory.requests, chatId: options.chatId, mayPass });
    } finally {
      clearInterval(timer);
    }
  };
}

/** Notes what the next attempt has to know. Returns the error, or, where no further attempt can help, one that says so. */
function remember(
  memory: Memory,
  error: ApiError,
  chatId: string | undefined,
  limit: number,
  lastSuccessAt: number,
): ApiError {
  switch (error.kind) {
    case 'not-our-turn':
    case 'no-key':
      memory.requests -= 1;
      return error;
    case 'too-large':
      memory.limit = Math.max(1, Math.floor(limit / 2));
      return limit === 1 ? hopeless(error) : error;
    case 'server-error': {
      const now = Date.now();
      const before = memory.lastFailureAt;
      memory.lastFailureAt = now;
      if (before !== undefined && lastSuccessAt > before) memory.failingMs += Math.min(now - before, LONGEST_STEP_MS);
      return chatId !== undefined && memory.failingMs >= HOPELESS_MS ? hopeless(error) : error;
    }
    default:
      memory.oddAnswers = isOdd(error) ? memory.oddAnswers + 1 : 0;
      return error;
  }
}

const isOdd = (error: unknown): boolean =>
  error instanceof ApiError && (error.kind === 'unexpected-shape' || error.kind === 'redirect');

const hopeless = ({ endpoint, status, errorType, requestId }: ApiError): ApiError =>
  new ApiError('never', { endpoint, status, errorType, requestId });
