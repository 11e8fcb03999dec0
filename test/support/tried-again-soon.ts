import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { ApplicationFailure } from '@temporalio/common';

const SOON_MS = 100;

/** What fails is tried again soon, where it does not say itself when. */
export const triedAgainSoon: ActivityInterceptorsFactory = () => ({
  inbound: {
    async execute(input, next) {
      try {
        return await next(input);
      } catch (error) {
        if (!(error instanceof ApplicationFailure) || error.nonRetryable || error.nextRetryDelay != null) throw error;
        throw Object.assign(error, { nextRetryDelay: SOON_MS });
      }
    },
  },
});
