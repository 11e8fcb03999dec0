import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { ApplicationFailure } from '@temporalio/common';
import { FailureType } from '../../src/contract';

const SOON_MS = 100;

/** What fails is tried again soon, where it does not say itself when; and a sync's report is looked for again. */
export const triedAgainSoon: ActivityInterceptorsFactory = () => ({
  inbound: {
    async execute(input, next) {
      try {
        return await next(input);
      } catch (error) {
        if (!(error instanceof ApplicationFailure) || error.nonRetryable) throw error;
        if (error.nextRetryDelay != null && error.type !== FailureType.notYet) throw error;
        throw Object.assign(error, { nextRetryDelay: SOON_MS });
      }
    },
  },
});
