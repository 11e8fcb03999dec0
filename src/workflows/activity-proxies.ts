import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import { isOrganizationWide } from '../domain/listing';
import { apiTaskQueue } from '../contract';
import type { ApiActivities, ChatPageRequest, SyncActivities } from '../activities/types';
import { shortCode } from '../text/markdown';
import { counted } from '../text/counted';

/** What all activities of a sync and of a comparison have in common. */
export const activityOptions = {
  startToCloseTimeout: '10m',
  heartbeatTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
} as const;

/** Attempts for a parked chat in one sync: it must not hold the sync up. */
const TRIES_OF_PARKED = 3;
/** Attempts for a witness, a chat that was read before and is requested to judge the failures of others. */
const TRIES_OF_WITNESS = 3;

/** The activities that a sync calls; each call has a summary in the Web UI. */
export type Activities = Omit<SyncActivities, 'askForSync' | 'awaitReport'> & ApiActivities;

/**
 * The activities of one source. Those on the API's queue have no scheduleToStart and no scheduleToClose: the rate
 * decides how long they queue. Start-to-close covers the wait for a turn, the request's own timeouts and the archive.
 */
export function proxyActivitiesOf(source: string): Activities {
  const local = proxyLocalActivities<Pick<SyncActivities, 'readPolicy'>>({ startToCloseTimeout: '10s' });
  const sync = proxyActivities<SyncActivities>(activityOptions);
  const api = proxyActivities<ApiActivities>({ ...activityOptions, taskQueue: apiTaskQueue(source) });
  const page = (cursor: string | null): string => (cursor === null ? '' : ', next page');
  return {
    readPolicy: () => local.readPolicy(),
    readLedger: (request) => sync.readLedger.executeWithOptions({ summary: 'ledger' }, [request]),
    chatsToRecover: (request) => sync.chatsToRecover.executeWithOptions({ summary: 'chats to recover' }, [request]),
    takenOver: (request) =>
      sync.takenOver.executeWithOptions({ summary: `${counted(request.chatIds.length, 'chat')} to recover` }, [
        request,
      ]),
    beginCensus: (request) => sync.beginCensus.executeWithOptions({ summary: 'census' }, [request]),
    claimArchive: (request) => sync.claimArchive.executeWithOptions({ summary: `archive ${request.id}` }, [request]),
    publishPart: (request) =>
      sync.publishPart.executeWithOptions({ summary: counted(request.chats.length, 'chat') }, [request]),
    commitWindow: (request) =>
      sync.commitWindow.executeWithOptions({ summary: `through ${request.window.to}` }, [request]),
    recordEvents(request) {
      const retry = request.isIdle ? { maximumAttempts: 1 } : activityOptions.retry;
      const summary = request.events.map(({ event }) => event).join(', ');
      return sync.recordEvents.executeWithOptions({ summary: shortCode(summary), retry }, [request]);
    },
    discoverOrganizations: (request) =>
      api.discoverOrganizations.executeWithOptions({ summary: `organizations${page(request.page)}` }, [request]),
    discoverUsers: (request) =>
      api.discoverUsers.executeWithOptions(
        { summary: `users of ${shortCode(request.organization)}${page(request.page)}` },
        [request],
      ),
    fetchChatPage: (request) =>
      api.fetchChatPage.executeWithOptions({ summary: `${listOf(request)}${page(request.afterId)}` }, [request]),
    emitMessages: (request) => {
      const summary = `${request.parked ? 'parked: ' : ''}${shortCode(request.chatId)}${page(request.afterId)}`;
      const retry = { ...activityOptions.retry, ...(request.parked && { maximumAttempts: TRIES_OF_PARKED }) };
      return api.emitMessages.executeWithOptions({ summary, retry }, [request]);
    },
    checkChat: (request) =>
      api.checkChat.executeWithOptions(
        {
          summary: `is ${shortCode(request.chatId)} still there?`,
          retry: { ...activityOptions.retry, maximumAttempts: TRIES_OF_WITNESS },
        },
        [request],
      ),
  };
}

function listOf({ mode, window, userIds }: ChatPageRequest): string {
  const users = isOrganizationWide(mode)
    ? ''
    : ` of ${shortCode(userIds[0] ?? '')}${userIds.length > 1 ? ` and ${userIds.length - 1} more` : ''}`;
  return mode === 'per-user-by-creation' || mode === 'organization-by-creation'
    ? `chats${users}`
    : `chats${users} since ${window.from}`;
}
