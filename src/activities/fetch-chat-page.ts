import { ApiError } from '../compliance-api/errors';
import type { ListedChat } from '../compliance-api/schemas';
import { parseIsoTime } from '../iso-time';
import type { ChatPageRequest, FetchedChatPage } from './types';
import type { Attempt } from './attempt';

/** The API takes a list of organizations as repeated query parameters; more than these make a URL that servers refuse. */
const ORGANIZATIONS_IN_URL = 100;

/**
 * Asks for one page of the chats that changed since the window's start, in the order of their change. Organizations are
 * asked of the server; users and projects are filtered here (today's API does not take them with the update time).
 */
export async function fetchChatPage(request: ChatPageRequest, attempt: Attempt): Promise<FetchedChatPage> {
  const { afterId, organizationIds } = request;
  const askServer = organizationIds.length <= ORGANIZATIONS_IN_URL;
  try {
    const { body, requestId } = await attempt.request((options) =>
      attempt.api.listChats(
        {
          order_by: 'updated_at',
          'updated_at.gte': afterId === null && request.updatedAt !== null ? request.updatedAt : request.window.from,
          limit: attempt.limit,
          after_id: afterId ?? undefined,
          'organization_ids[]': askServer ? organizationIds : undefined,
        },
        options,
      ),
    );
    const kept = body.data.filter((chat) => matches(chat, request, askServer));
    const end = Date.parse(request.window.to);
    const chatIds = kept.filter((chat) => Date.parse(chat.created_at) < end).map((chat) => chat.id);
    return {
      cursorRefused: false,
      chatIds: [...new Set(chatIds)],
      lastId: body.last_id ?? null,
      updatedAt: parseIsoTime(body.data.at(-1)?.updated_at ?? '') ?? null,
      hasMore: body.has_more,
      skipped: body.data.length - kept.length,
      requestId,
      requests: attempt.requests(),
    };
  } catch (error) {
    if (!(error instanceof ApiError) || error.kind !== 'bad-request' || afterId === null) throw error;
    const { requestId } = error;
    const nothing = { chatIds: [], lastId: null, updatedAt: null, hasMore: true, skipped: 0 };
    return { cursorRefused: true, ...nothing, requestId, requests: attempt.requests() };
  }
}

function matches(chat: ListedChat, filter: ChatPageRequest, serverFiltersOrganizations: boolean): boolean {
  const { organizationIds, projectIds, userIds } = filter;
  if (!serverFiltersOrganizations) {
    const ids = [chat.organization_id, chat.organization_uuid?.toLowerCase()];
    if (!organizationIds.some((id) => ids.includes(id))) return false;
  }
  if (projectIds.length > 0 && !projectIds.includes(canonicalProjectId(chat.project_id ?? ''))) return false;
  return userIds.length === 0 || userIds.includes(chat.user?.id ?? '');
}

/** `proj_x` and `claude_proj_x` name the same project. */
const canonicalProjectId = (id: string): string => id.replace(/^proj_/, 'claude_proj_');
