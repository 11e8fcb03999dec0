import { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { toFailure } from './failures';

const HEARTBEAT_MS = 5000;

/** The details that each running attempt's heartbeats send to the next attempt. */
const memories = new WeakMap<Context, object>();

/** Makes the running attempt's heartbeats send the memory as it is at that time. */
export const sayInHeartbeats = (memory: object): void => void memories.set(Context.current(), memory);

/** Adds heartbeats, the conversion of errors to failures, and the source's name in log lines to every activity. */
export const aroundActivities =
  (source: string): ActivityInterceptorsFactory =>
  (context) => ({
    inbound: {
      async execute(input, next) {
        const timer = setInterval(() => context.heartbeat(memories.get(context)), HEARTBEAT_MS);
        try {
          return await next(input);
        } catch (error) {
          // After a cancellation or timeout the error only follows from that.
          throw context.cancellationSignal.aborted ? context.cancellationSignal.reason : toFailure(error);
        } finally {
          clearInterval(timer);
        }
      },
    },
    outbound: { getLogAttributes: (attributes, next) => next({ ...attributes, source }) },
  });
