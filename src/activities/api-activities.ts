import type { Policy } from '../config/policy';
import type { Metrics } from '../worker/metrics';
import { createAttempts, type AttemptDependencies } from './attempt';
import { discoverOrganizations } from './discover-organizations';
import { discoverUsers, goneOrganization } from './discover-users';
import { emitMessages, goneChat } from './emit-messages';
import { fetchChatPage } from './fetch-chat-page';
import { requireSink } from './require-sink';
import type { ApiActivities } from './types';

export interface ApiDependencies extends AttemptDependencies {
  policy: Policy;
  metrics: Pick<Metrics, 'violated'>;
}

/** The activities of the rate-limited queue: one attempt of one of them is one HTTP request. */
export function createApiActivities({ policy, metrics, ...dependencies }: ApiDependencies): ApiActivities {
  const { sink } = dependencies;
  const attempt = createAttempts(dependencies);
  return {
    discoverOrganizations: (request) =>
      attempt({ pageSize: request.limit }, (current) => discoverOrganizations(request, current)),
    discoverUsers: (request) =>
      attempt({ pageSize: request.limit, gone: (figures) => goneOrganization(request, figures) }, (current) =>
        discoverUsers(request, current),
      ),
    fetchChatPage: (request) =>
      attempt({ pageSize: request.pageSize }, (current) => fetchChatPage(request, current, policy)),
    emitMessages: async (request) => {
      requireSink(sink, request.sink);
      const { chatId, pageSize } = request;
      const emitted = await attempt({ chatId, pageSize, gone: goneChat }, (current) => emitMessages(request, current));
      metrics.violated(emitted.violations);
      return emitted;
    },
  };
}
