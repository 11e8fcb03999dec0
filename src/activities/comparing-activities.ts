import type { Policy } from '../config/policy';
import { compareMessages, type Comparing } from './compare-messages';
import { goneChat } from './emit-messages';
import { listChats } from './list-chats';
import { createAttempts, type AttemptDependencies } from './attempt';
import type { ComparingActivities } from './types';

export interface ComparingDependencies extends AttemptDependencies, Pick<Comparing, 'findings'> {
  policy: Policy;
}

/** A verification's activities on the rate-limited queue: one attempt is one HTTP request, as of a sync's. */
export function createComparingActivities(dependencies: ComparingDependencies): ComparingActivities {
  const { policy, chats, findings } = dependencies;
  const attempt = createAttempts(dependencies);
  return {
    listChats: (request) =>
      attempt({ pageSize: request.pageSize, isEverybodys: true }, (current) =>
        listChats(request, current, policy, { chats, findings }),
      ),
    compareMessages: (request) => {
      const { chatId, pageSize, failingMs } = request;
      return attempt({ chatId, pageSize, failingMs, gone: goneChat }, (current) =>
        compareMessages(request, current, { chats, findings }),
      );
    },
  };
}
