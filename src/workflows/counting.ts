import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import type { ApiActivities } from '../activities/types';
import type { Counters } from '../state';

type Figures = Pick<Counters, 'requests'> & Partial<Pick<Counters, 'skipped' | 'violations'>>;

/** The same activities; what each of them did is added to the counters, whether it succeeds or fails. */
export function counting<Activities extends ApiActivities>(
  activities: Activities,
  count: (add: Partial<Counters>) => void,
): Activities {
  async function counted<Result extends Figures>(result: Promise<Result>): Promise<Result> {
    try {
      const { requests, skipped = 0, violations = 0 } = await result;
      count({ requests, skipped, violations });
    } catch (error) {
      count({ requests: requestsOf(error) });
    }
    return await result;
  }
  return {
    ...activities,
    discoverOrganizations: (request) => counted(activities.discoverOrganizations(request)),
    discoverUsers: (request) => counted(activities.discoverUsers(request)),
    fetchChatPage: (request) => counted(activities.fetchChatPage(request)),
    emitMessages: (request) => counted(activities.emitMessages(request)),
  };
}

/** Failures of the API's activities carry in details[0] how many requests their attempts made. */
export function requestsOf(error: unknown): number {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const details: unknown = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
  if (typeof details !== 'object' || details === null || !('requests' in details)) return 0;
  return typeof details.requests === 'number' ? details.requests : 0;
}
