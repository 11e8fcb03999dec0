import { ApplicationFailure } from '@temporalio/common';
import { ApiError } from '../compliance-api/errors';
import type { ChatQuery } from '../compliance-api/query';
import { listedChatSchema, type ListedChat } from '../compliance-api/schemas';
import { FailureType } from '../contract';
import type { Policy } from '../config/policy';
import { passes, type Filters, type Owner } from '../domain/filters';
import type { ListingMode } from '../domain/checkpoint';
import { isOrganizationWide } from '../domain/listing';
import type { Attempt } from './attempt';
import { changedSince, timeOf } from './changed-since';
import { isCursorRefused } from './cursor-refused';
import { fittingItems, placeOf } from './list-items';
import type { ChatPageRequest, FetchedChatPage } from './types';

/** Each id is a parameter in the URL; servers refuse URLs with more than about this many. */
const IDS_IN_URL = 100;

const NOTHING = { chatIds: [], odd: null, place: null, item: null, lastId: null, at: null, hasMore: true, skipped: 0 };

/**
 * Requests one page of the chats that changed since the window's start, or of those that `select` chooses. The server filters by organization, and in
 * per-user mode by user. All else is filtered here, and projects always, since servers differ in the form of their ids.
 */
export async function fetchChatPage(
  request: ChatPageRequest,
  attempt: Attempt,
  policy: Pick<Policy, 'filters' | keyof Filters>,
  select: (chats: readonly ListedChat[]) => Promise<readonly ListedChat[]> = async (chats) =>
    chats.filter((chat) => changedSince(chat, request)),
): Promise<FetchedChatPage> {
  const { mode, afterId } = request;
  const filters = request.filters === policy.filters ? policy : request.filters;
  if (typeof filters === 'string')
    return { refused: null, ...NOTHING, unknownFilters: true, requestId: null, requests: 0 };
  const perUser = !isOrganizationWide(mode);
  const byCreation = mode !== 'organization';
  const fitsUrl = filters.organizationIds.length <= IDS_IN_URL;
  const query: ChatQuery = {
    ...boundsOf(request),
    limit: attempt.limit,
    after_id: afterId ?? undefined,
    'organization_ids[]': fitsUrl ? filters.organizationIds : undefined,
    'user_ids[]': perUser ? request.userIds : undefined,
  };
  try {
    const { body, requestId } = await attempt.request((options) => attempt.api.listChats(query, options));
    const { fitting, named, odd } = fittingItems(body.data, listedChatSchema, requestId, { byId: true });
    const kept = fitting.filter((chat) => matches(chat, mode, filters, fitsUrl));
    const chatIds = (await select(kept)).map((chat) => chat.id);
    const last = fitting.at(-1);
    return {
      refused: null,
      // The messages' answer tells whose the malformed items (`named`) are.
      chatIds: [...new Set([...chatIds, ...named])],
      odd: odd === null ? null : `chats: ${odd}`,
      place: placeOf(last?.id, last?.[byCreation ? 'created_at' : 'updated_at']),
      item: placeOf(last?.id),
      lastId: body.last_id ?? null,
      at: isoSecond(timeOf(byCreation ? last?.created_at : last?.updated_at)),
      hasMore: body.has_more,
      skipped: fitting.length - kept.length,
      requestId,
      requests: attempt.requests(),
    };
  } catch (error) {
    if (!(error instanceof ApiError) || !(isCursorRefused(error, afterId) || isModeRefused(error))) throw error;
    return { refused: error.message, ...NOTHING, requestId: error.requestId, requests: attempt.requests() };
  }
}

const isoSecond = (ms: number | undefined): string | null =>
  ms === undefined ? null : new Date(Math.floor(ms / 1000) * 1000).toISOString();

/** Requests start one second early: a server may show a time rounded up, but compare it unrounded. */
const secondBefore = (time: string): string => new Date(Date.parse(time) - 1000).toISOString();

/** The bounds for each generation of the API (see `ListingMode`). Older ones sort by creation only, the default. */
function boundsOf({ mode, window, afterId, at }: ChatPageRequest): ChatQuery {
  const goesOn = afterId === null && at !== null ? secondBefore(at) : undefined;
  switch (mode) {
    case 'organization':
      return { order_by: 'updated_at', 'updated_at.gte': goesOn ?? secondBefore(window.from) };
    case 'per-user':
      return {
        'updated_at.gt': secondBefore(window.from),
        'created_at.gte': goesOn,
      };
    case 'organization-by-creation':
    case 'per-user-by-creation':
      return { 'created_at.gte': goesOn };
  }
}

/** @throws ApplicationFailure if the filters cannot be compared with what this server shows. */
function matches(
  chat: ListedChat,
  mode: ListingMode,
  { organizationIds, projectIds, userIds }: Filters,
  serverFiltersOrganizations: boolean,
): boolean {
  const filtersUsers = isOrganizationWide(mode) && userIds.length > 0;
  if (filtersUsers && chat.user === undefined) {
    throw ApplicationFailure.nonRetryable(
      'USER_IDS are compared here, and the chats of this server do not name their users: is it a gateway that leaves them out?',
      FailureType.apiRefused,
    );
  }
  const owner = ownerOf(chat);
  const namesOrganization = owner.organizationId !== null || owner.organizationUuid !== null;
  const pass = passes(owner, {
    // The server has filtered these already; they are compared again if the answer names organizations.
    organizationIds: serverFiltersOrganizations && !namesOrganization ? [] : organizationIds,
    // If the list leaves out projects, the messages' answer is compared instead.
    projectIds: chat.project_id === undefined ? [] : projectIds,
    userIds: filtersUsers ? userIds : [],
  });
  if (pass !== 'unknown') return pass;
  if (serverFiltersOrganizations) return true;
  throw ApplicationFailure.nonRetryable(
    `more than ${IDS_IN_URL} ORGANIZATION_IDS are compared here, and this server names organizations by UUID only: give UUIDs`,
    FailureType.apiRefused,
  );
}

export const ownerOf = (
  chat: Pick<ListedChat, 'organization_id' | 'organization_uuid' | 'project_id' | 'user'>,
): Owner => ({
  organizationId: chat.organization_id ?? null,
  organizationUuid: chat.organization_uuid ?? null,
  projectId: chat.project_id ?? null,
  userId: chat.user?.id ?? null,
});

/** Whether the server refuses the listing mode. Also on a page with a cursor: another server may answer by now. */
function isModeRefused({ kind, status, errorType, parameter = '' }: ApiError): boolean {
  if (status !== 400 || errorType !== 'invalid_request_error') return false;
  return (
    kind === 'query-refused' || (kind === 'unknown-parameter' && /^(order_by|updated_at|user_ids)/.test(parameter))
  );
}
