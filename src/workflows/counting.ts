import type { ApiActivities } from '../activities/types';
import type { Counters } from '../domain/state';
import { failureDetails } from './failures';

type Figures = Pick<Counters, 'requests'> & Partial<Pick<Counters, 'violations'>>;

/** Wraps the activities to count the requests and violations of each call, whether it succeeds or fails. */
export function counting<Activities extends ApiActivities>(
  activities: Activities,
  count: (add: Partial<Counters>) => void,
): Activities {
  async function counted<Result extends Figures>(result: Promise<Result>): Promise<Result> {
    try {
      const { requests, violations = 0 } = await result;
      count({ requests, violations });
    } catch (error) {
      count({ requests: failureDetails(error).requests });
    }
    return await result;
  }
  return {
    ...activities,
    discoverOrganizations: (request) => counted(activities.discoverOrganizations(request)),
    discoverUsers: (request) => counted(activities.discoverUsers(request)),
    fetchChatPage: (request) => counted(activities.fetchChatPage(request)),
    emitMessages: (request) => counted(activities.emitMessages(request)),
    checkChat: (request) => counted(activities.checkChat(request)),
  };
}
