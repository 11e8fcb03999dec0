import type { Cursors } from './cursors';
import { ApiError } from './errors';
import type { Scope } from './keys';
import type { Chat } from './model';
import { cutPage, type Page } from './page';
import { boundNames, isWithin, Query } from './query';
import { checkChatListQuery, type ChatListQuery, type Rules } from './rules';
import { showChat, showMember, showMessage, showOrganization, visibleUserId, type View } from './view';

export interface EndpointContext {
  readonly view: View;
  readonly rules: Rules;
  readonly cursors: Cursors;
}

export interface Endpoint {
  readonly path: RegExp;
  /** The key needs one of these scopes. */
  readonly scopes: readonly Scope[];
  /** Makes the body. @param id The decoded capture group of `path`. @throws ApiError if the request is refused */
  answer(context: EndpointContext, parameters: URLSearchParams, id: string): object;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const USER_SCOPES: readonly Scope[] = ['read:compliance_user_data', 'read:org_audit'];

/** The endpoints of the Compliance API, by path without the prefix. */
export const ENDPOINTS: readonly Endpoint[] = [
  {
    path: /^\/v1\/compliance\/organizations$/,
    scopes: ['read:compliance_org_data', 'read:org_audit'],
    answer: listOrganizations,
  },
  { path: /^\/v1\/compliance\/organizations\/([^/]+)\/users$/, scopes: USER_SCOPES, answer: listUsers },
  { path: /^\/v1\/compliance\/apps\/chats$/, scopes: USER_SCOPES, answer: listChats },
  { path: /^\/v1\/compliance\/apps\/chats\/([^/]+)\/messages$/, scopes: USER_SCOPES, answer: listMessages },
];

function listOrganizations({ view, rules, cursors }: EndpointContext, parameters: URLSearchParams): object {
  const query = new Query(parameters, ['limit', 'page']);
  const limit = query.integer('limit', 1, 1000) ?? 1000;
  const page = cutPage(view.tenant.organizationOrder.entries(), cursors, {
    list: 'organizations',
    limit: rules.organizationsArePaged ? limit : Infinity,
    after: { parameter: 'page', cursor: rules.organizationsArePaged ? query.text('page') : undefined },
    matches: ({ uuid }) => isCovered(view, uuid),
  });
  const data = page.items.map((organization) => showOrganization(view, organization));
  return rules.organizationsArePaged ? { data, ...nextPage(page) } : { data };
}

function listUsers({ view, cursors }: EndpointContext, parameters: URLSearchParams, uuid: string): object {
  const query = new Query(parameters, ['limit', 'page']);
  const limit = query.integer('limit', 1, 1000) ?? 500;
  const members = isCovered(view, uuid) ? view.tenant.members(uuid) : undefined;
  if (!members) throw new ApiError(404, 'Organization not found');
  const page = cutPage(members.entries(), cursors, {
    list: `users of ${uuid}`,
    limit,
    after: { parameter: 'page', cursor: query.text('page') },
  });
  return { data: page.items.map((member) => showMember(view, member)), ...nextPage(page) };
}

function listChats({ view, rules, cursors }: EndpointContext, parameters: URLSearchParams): object {
  const query = readChatListQuery(rules, parameters);
  checkChatListQuery(rules, query);
  const { tenant } = view;
  const organizations = new Set(query.organizationIds.map((id) => (UUID.test(id) ? id.toLowerCase() : id)));
  const projects = new Set(query.projectIds);
  const users = new Set(query.userIds);
  const isIn = (chat: Chat): boolean =>
    organizations.has(chat.organizationUuid) ||
    organizations.has(tenant.organizations.get(chat.organizationUuid)?.id ?? '');
  // The list of some users' chats is always in order of creation.
  const entries = users.size > 0 ? tenant.chatsOf(query.userIds) : tenant.chatOrder[query.orderBy].entries();
  const page = cutPage(entries, cursors, {
    list: `chats by ${query.orderBy}`,
    limit: query.limit,
    after: { parameter: 'after_id', cursor: query.afterId },
    before: { parameter: 'before_id', cursor: query.beforeId },
    matches: (chat) =>
      isWithin(chat.createdAt, query.bounds.created_at) &&
      isWithin(chat.updatedAt, query.bounds.updated_at) &&
      (users.size === 0 || users.has(visibleUserId(view, chat) ?? '')) &&
      (projects.size === 0 || projects.has(chat.projectId ?? '')) &&
      (organizations.size === 0 || isIn(chat)) &&
      isCovered(view, chat.organizationUuid),
  });
  return { data: page.items.map((chat) => showChat(view, chat)), ...ends(page) };
}

function listMessages({ view, rules, cursors }: EndpointContext, parameters: URLSearchParams, chatId: string): object {
  const query = new Query(parameters, [
    'limit',
    'after_id',
    'before_id',
    'order',
    'tool_result_max_chars',
    'tool_use_input_max_chars',
    ...boundNames('created_at'),
    ...boundNames('updated_at'),
  ]);
  const limit = query.integer('limit', 1, 1000) ?? Infinity;
  const { afterId, beforeId } = readCursors(query);
  const descending = query.oneOf('order', ['asc', 'desc']) === 'desc';
  const createdAt = query.bounds('created_at');
  const updatedAt = query.bounds('updated_at');
  const toolLimits = {
    toolResult: query.integer('tool_result_max_chars', -1, Number.MAX_SAFE_INTEGER) ?? 10_000,
    toolUseInput: query.integer('tool_use_input_max_chars', -1, Number.MAX_SAFE_INTEGER) ?? 10_000,
  };

  const chat = view.tenant.chats.get(chatId);
  if (!chat || !isCovered(view, chat.organizationUuid)) throw new ApiError(404, rules.chatNotFound(chatId));
  const entries = chat.messages.map((item) => ({ key: item.createdAt, id: item.id, item }));
  const page = cutPage(entries, cursors, {
    list: `messages of ${chatId}`,
    limit,
    after: { parameter: 'after_id', cursor: afterId },
    before: { parameter: 'before_id', cursor: beforeId },
    descending,
    // A message never changes, so its updated_at is its created_at.
    matches: (message) => isWithin(message.createdAt, createdAt) && isWithin(message.createdAt, updatedAt),
  });
  return {
    ...showChat(view, chat),
    chat_messages: page.items.map((message) => showMessage(view, chat, message, toolLimits)),
    ...ends(page),
  };
}

function readChatListQuery(rules: Rules, parameters: URLSearchParams): ChatListQuery {
  const query = new Query(parameters, [
    'limit',
    'after_id',
    'before_id',
    ...(rules.orderBy === 'known' ? ['order_by'] : []),
    ...boundNames('created_at'),
    ...boundNames('updated_at'),
    'organization_ids[]',
    'project_ids[]',
    'user_ids[]',
  ]);
  return {
    limit: query.integer('limit', 1, 1000) ?? 100,
    ...readCursors(query),
    orderBy: query.oneOf('order_by', ['created_at', 'updated_at']),
    bounds: { created_at: query.bounds('created_at'), updated_at: query.bounds('updated_at') },
    organizationIds: query.list('organization_ids[]', new RegExp(`^org_.+$|${UUID.source}`, 'i')),
    projectIds: query.list('project_ids[]', /^claude_proj_.+$/),
    userIds: query.list('user_ids[]', /^user_.+$/, 10),
  };
}

function readCursors(query: Query): { afterId: string | undefined; beforeId: string | undefined } {
  const afterId = query.text('after_id');
  const beforeId = query.text('before_id');
  if (afterId !== undefined && beforeId !== undefined) {
    throw new ApiError(400, 'after_id and before_id cannot be combined');
  }
  return { afterId, beforeId };
}

function isCovered(view: View, organizationUuid: string): boolean {
  return view.organizationUuid === undefined || view.organizationUuid === organizationUuid;
}

function nextPage(page: Page<unknown>): object {
  return { has_more: page.hasMore, next_page: page.hasMore ? page.lastId : null };
}

function ends(page: Page<unknown>): object {
  return { has_more: page.hasMore, first_id: page.firstId, last_id: page.lastId };
}
