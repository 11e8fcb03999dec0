import type { ComplianceApi } from '../compliance-api/client';
import type { Metrics } from '../metrics';
import type { Sink } from '../sinks/sink';
import { createAttempts } from './attempt';
import { discoverOrganizations } from './discover-organizations';
import { discoverUsers } from './discover-users';
import { emitMessages } from './emit-messages';
import { fetchChatPage } from './fetch-chat-page';
import { requireSink } from './require-sink';
import type { ApiActivities } from './types';

export interface ApiDependencies {
  api: ComplianceApi;
  sink: Sink;
  metrics: Metrics;
}

/** The activities of the rate-limited queue: one attempt of one of them is one HTTP request. */
export function createApiActivities({ api, sink, metrics }: ApiDependencies): ApiActivities {
  const attempt = createAttempts({ api, sink });
  return {
    discoverOrganizations: (request) =>
      attempt({ pageSize: request.limit }, (current) => discoverOrganizations(request, current)),
    discoverUsers: (request) => attempt({ pageSize: request.limit }, (current) => discoverUsers(request, current)),
    fetchChatPage: (request) => attempt({ pageSize: request.pageSize }, (current) => fetchChatPage(request, current)),
    emitMessages: async (request) => {
      requireSink(sink, request.sink);
      const { chatId, pageSize } = request;
      const emitted = await attempt({ chatId, pageSize }, (current) => emitMessages(request, current));
      metrics.violated(emitted.violations);
      return emitted;
    },
  };
}
