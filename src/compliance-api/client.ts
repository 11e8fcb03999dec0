import { listReader } from './body-reader';
import { ApiError, type Endpoint } from './errors';
import { messagePageReader, type MessagePage } from './message-page';
import { toPathSegment, type ChatQuery, type MessageQuery, type PageQuery } from './query';
import type { ComplianceApiOptions, RequestOptions } from './options';
import { createRequest, type Answer } from './request';
import {
  chatPageSchema,
  organizationPageSchema,
  userPageSchema,
  type ChatPage,
  type OrganizationPage,
  type UserPage,
} from './schemas';

/**
 * A client of the Compliance API. A call is one HTTP request, or none without a turn or a key; nothing is retried and
 * no redirect followed. Calls throw ApiError, or the signal's reason. A list is its parsed JSON with unknown fields and
 * holds no memory of the body; messages stay the bytes of the answer.
 */
export interface ComplianceApi {
  listOrganizations(query: PageQuery, options?: RequestOptions): Promise<Answer<OrganizationPage>>;
  listOrganizationUsers(
    organizationUuid: string,
    query: PageQuery,
    options?: RequestOptions,
  ): Promise<Answer<UserPage>>;
  listChats(query: ChatQuery, options?: RequestOptions): Promise<Answer<ChatPage>>;
  /**
   * A page of a chat's messages, with tool blocks in full. A large page takes all the memory for large answers until it
   * is disposed of: copy what you keep, and make no other request before.
   */
  getChatMessages(chatId: string, query: MessageQuery, options?: RequestOptions): Promise<Answer<MessagePage>>;
  /** Waits for running requests and closes the connections. */
  close(): Promise<void>;
}

const organizationsReader = listReader(organizationPageSchema);
const usersReader = listReader(userPageSchema);
const chatsReader = listReader(chatPageSchema);

/** @throws Error when the base URL or the environment's proxy is not a URL. */
export function createComplianceApi(options: ComplianceApiOptions): ComplianceApi {
  const { get, close } = createRequest(options);

  return {
    listOrganizations: async (query, { signal } = {}) =>
      parsed(
        await get({
          endpoint: 'organizations',
          path: '/v1/compliance/organizations',
          query: { ...query },
          reader: organizationsReader,
          misfit: (page) => stuckAt('next_page', page.has_more, page.next_page, query.page),
          signal,
        }),
      ),

    listOrganizationUsers: async (organizationUuid, query, { signal } = {}) =>
      parsed(
        await get({
          endpoint: 'users',
          path: `/v1/compliance/organizations/${segment(organizationUuid, 'users')}/users`,
          id: organizationUuid,
          query: { ...query },
          reader: usersReader,
          misfit: (page) => stuckAt('next_page', page.has_more, page.next_page, query.page),
          signal,
        }),
      ),

    listChats: async (query, { signal } = {}) =>
      parsed(
        await get({
          endpoint: 'chats',
          path: '/v1/compliance/apps/chats',
          query: { ...query },
          reader: chatsReader,
          misfit: (page) => stuckAt('last_id', page.has_more, page.last_id, query.after_id),
          signal,
        }),
      ),

    getChatMessages: async (chatId, query, { signal } = {}) =>
      get({
        endpoint: 'messages',
        path: `/v1/compliance/apps/chats/${segment(chatId, 'messages')}/messages`,
        id: chatId,
        query: { tool_result_max_chars: -1, tool_use_input_max_chars: -1, ...query },
        reader: messagePageReader,
        misfit: (page) => (page.id === chatId ? stuckAt('last_id', page.has_more, page.last_id, query.after_id) : 'id'),
        signal,
      }),

    close,
  };
}

/** Frees the body's memory: a parsed list does not need it. */
function parsed<P>(answer: Answer<P>): Answer<P> {
  answer[Symbol.dispose]();
  return answer;
}

/** Names the cursor field if a page says that more follow, but gives no cursor, or the one that was sent. */
function stuckAt<F extends string>(
  field: F,
  hasMore: boolean | null | undefined,
  next: string | null | undefined,
  asked: string | undefined,
): F | undefined {
  const goesOn = hasMore ?? Boolean(next);
  return goesOn && (!next || next === asked) ? field : undefined;
}

function segment(id: string, endpoint: Endpoint): string {
  const encoded = toPathSegment(id);
  if (encoded === null) throw new ApiError('no-path', { endpoint });
  return encoded;
}
