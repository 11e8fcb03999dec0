import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import type { ComplianceApi } from '../compliance-api/client';
import { ApiError } from '../compliance-api/errors';
import type { Sink } from '../sinks/sink';
import { memorySchema, remember, type Memory } from './attempt-memory';
import { toFailure } from './failures';

const HEARTBEAT_MS = 5000;

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
    const info = activityInfo();
    // An attempt that could not say anything any more, since its worker died, has made its request.
    const details: unknown = info.heartbeatDetails ?? { requests: info.attempt - 1 };
    const known = memorySchema.safeParse(details);
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
          const answer = await call({ signal });
          lastSuccessAt = Date.now();
          return answer;
        },
      });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const { chatId } = options;
      const failed = { limit, now: Date.now(), lastSuccessAt };
      const recovery = error instanceof ApiError ? remember(memory, { error, ...failed }) : undefined;
      memory.sinkFailed = recovery === undefined;
      beat();
      throw toFailure(error, { requests: memory.requests, chatId, recovery });
    } finally {
      clearInterval(timer);
    }
  };
}
