import { ApplicationFailure } from '@temporalio/common';
import { ApiError } from '../compliance-api/errors';
import type { ChatQuery } from '../compliance-api/query';
import type { ListedChat } from '../compliance-api/schemas';
import { FailureType } from '../contract';
import { parseIsoTime } from '../iso-time';
import type { Attempt } from './attempt';
import type { ChatPageRequest, FetchedChatPage } from './types';

/** Lists of ids go into the URL as repeated parameters; more than these make one that servers refuse. */
const IDS_IN_URL = 100;

/**
 * Asks for one page of the chats that changed since the window's start. The server is asked for organizations, and per
 * user for users; the rest is filtered here, projects always: servers do not agree on what their ids look like.
 */
export async function fetchChatPage(request: ChatPageRequest, attempt: Attempt): Promise<FetchedChatPage> {
  const { window, form, afterId } = request;
  const perUser = form !== 'organization';
  const fitsUrl = request.organizationIds.length <= IDS_IN_URL;
  const query: ChatQuery = {
    ...boundsOf(request),
    limit: attempt.limit,
    after_id: afterId ?? undefined,
    'organization_ids[]': fitsUrl ? request.organizationIds : undefined,
    'user_ids[]': perUser ? request.userIds : undefined,
  };
  try {
    const { body, requestId } = await attempt.request((options) => attempt.api.listChats(query, options));
    const kept = body.data.filter((chat) => matches(chat, request, fitsUrl));
    // A chat that was not touched since has no message of the window; when it was created is no matter (docs/adr/0002).
    const since = Date.parse(window.from);
    const chatIds = kept.filter((chat) => Date.parse(chat.updated_at) >= since).map((chat) => chat.id);
    const last = body.data.at(-1);
    return {
      refused: null,
      chatIds: [...new Set(chatIds)],
      lastId: body.last_id ?? null,
      at: parseIsoTime((perUser ? last?.created_at : last?.updated_at) ?? '') ?? null,
      hasMore: body.has_more,
      skipped: body.data.length - kept.length,
      requestId,
      requests: attempt.requests(),
    };
  } catch (error) {
    if (!(error instanceof ApiError) || !isRefusal(error, afterId)) throw error;
    const nothing = { chatIds: [], lastId: null, at: null, hasMore: true, skipped: 0 };
    return { refused: error.message, ...nothing, requestId: error.requestId, requests: attempt.requests() };
  }
}

/** A server may show a time rounded up and compare it as it is: it is asked for a second more, and what it shows counts. */
const secondBefore = (time: string): string => new Date(Date.parse(time) - 1000).toISOString();

/** What the generations of the API take: see `Form`. The order of creation is the default, and all that older ones have. */
function boundsOf({ form, window, afterId, at }: ChatPageRequest): ChatQuery {
  const goesOn = afterId === null && at !== null ? secondBefore(at) : undefined;
  switch (form) {
    case 'organization':
      return { order_by: 'updated_at', 'updated_at.gte': goesOn ?? secondBefore(window.from) };
    case 'per-user':
      return {
        'updated_at.gt': secondBefore(window.from),
        'created_at.gte': goesOn,
      };
    case 'per-user-by-creation':
      return { 'created_at.gte': goesOn };
  }
}

function matches(chat: ListedChat, filter: ChatPageRequest, serverFiltersOrganizations: boolean): boolean {
  const { form, organizationIds, projectIds, userIds } = filter;
  if (!serverFiltersOrganizations && organizationIds.length > 0) {
    const ids = [chat.organization_id, chat.organization_uuid?.toLowerCase()];
    if (!organizationIds.some((id) => ids.includes(id))) {
      if (ids[0] == null && organizationIds.some((id) => id.startsWith('org_'))) throw cannotTell();
      return false;
    }
  }
  if (projectIds.length > 0 && !projectIds.includes(canonicalProjectId(chat.project_id ?? ''))) return false;
  return form !== 'organization' || userIds.length === 0 || userIds.includes(chat.user?.id ?? '');
}

function cannotTell(): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `more than ${IDS_IN_URL} ORGANIZATION_IDS are compared here, and this server names organizations by UUID only: give UUIDs`,
    FailureType.apiRefused,
  );
}

/** Without a cursor only the documented answer to a list that the server does not know counts. */
function isRefusal({ kind, status, errorType }: ApiError, afterId: string | null): boolean {
  if (kind !== 'bad-request') return false;
  return afterId !== null || (status === 400 && errorType === 'invalid_request_error');
}

/** `proj_x` and `claude_proj_x` name the same project. */
const canonicalProjectId = (id: string): string => id.replace(/^proj_/, 'claude_proj_');
