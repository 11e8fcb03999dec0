import type { Policy } from '../config/policy';
import { isOrganizationWide } from '../domain/listing';
import type { Metrics } from '../worker/metrics';
import { createAttempts, type AttemptDependencies } from './attempt';
import { discoverOrganizations } from './discover-organizations';
import { discoverUsers, goneOrganization } from './discover-users';
import { emitMessages, goneChat } from './emit-messages';
import { fetchChatPage } from './fetch-chat-page';
import type { ApiActivities, CheckedChat } from './types';

export interface ApiDependencies extends AttemptDependencies {
  policy: Policy;
  metrics: Pick<Metrics, 'violated'>;
}

/** The activities of the rate-limited queue: one attempt of one of them is one HTTP request. */
export function createApiActivities({ policy, metrics, ...dependencies }: ApiDependencies): ApiActivities {
  const attempt = createAttempts(dependencies);
  return {
    discoverOrganizations: (request) =>
      attempt({ pageSize: request.limit }, (current) => discoverOrganizations(request, current)),
    discoverUsers: (request) =>
      attempt({ pageSize: request.limit, gone: (figures) => goneOrganization(request, figures) }, (current) =>
        discoverUsers(request, current),
      ),
    fetchChatPage: (request) =>
      attempt({ pageSize: request.pageSize, isEverybodys: isOrganizationWide(request.mode) }, (current) =>
        fetchChatPage(request, current, policy),
      ),
    emitMessages: async (request) => {
      const { chatId, pageSize, parked: isParked, failingMs } = request;
      const emitted = await attempt({ chatId, pageSize, isParked, failingMs, gone: goneChat }, (current) =>
        emitMessages(request, current),
      );
      metrics.violated(emitted.violations);
      return emitted;
    },
    checkChat: ({ chatId }) =>
      attempt<CheckedChat>(
        { chatId, pageSize: 1, gone: ({ requests }) => ({ gone: true, requests }) },
        async (current) => {
          const page = await current.request((options) => current.api.getChatMessages(chatId, { limit: 1 }, options));
          page[Symbol.dispose]();
          return { gone: false, requests: current.requests() };
        },
      ),
  };
}
