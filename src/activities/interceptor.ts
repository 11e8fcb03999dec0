import { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { toFailure } from './failures';

const HEARTBEAT_MS = 5000;

/** What each attempt's heartbeats say: what the next one knows of it. */
const memories = new WeakMap<Context, object>();

/** Has the heartbeats of the attempt that runs say this, as it is then. */
export const sayInHeartbeats = (memory: object): void => void memories.set(Context.current(), memory);

/** What is the same for every attempt of every activity: heartbeats, failures as Temporal's, and whose the log's lines are. */
export const aroundActivities =
  (source: string): ActivityInterceptorsFactory =>
  (context) => ({
    inbound: {
      async execute(input, next) {
        const timer = setInterval(() => context.heartbeat(memories.get(context)), HEARTBEAT_MS);
        try {
          return await next(input);
        } catch (error) {
          // Cancelled, or timed out: what it did has stopped for that.
          throw context.cancellationSignal.aborted ? context.cancellationSignal.reason : toFailure(error);
        } finally {
          clearInterval(timer);
        }
      },
    },
    outbound: { getLogAttributes: (attributes, next) => next({ ...attributes, source }) },
  });
