import { ApiError } from './errors';
import type { Bounds } from './query';

/** Generations of the Compliance API, newest first. */
export const GENERATIONS = ['now', 'mid', 'legacy'] as const;
export type Generation = (typeof GENERATIONS)[number];

export type SortField = 'created_at' | 'updated_at';

/** Differences between the generations. */
export interface Rules {
  /** Whether chats can be listed without `user_ids[]`: the whole organization tree in one list. */
  readonly withoutUserIds: 'allowed' | 'refused';
  readonly userIdsWithUpdatedAtBounds: 'allowed' | 'refused';
  /** `unknown`: there is no such parameter, and chats are in order of creation. */
  readonly orderBy: 'known' | 'unknown';
  readonly organizationsArePaged: boolean;
  readonly deletedChatsKeepTheirName: boolean;
  /** The message of the 404 for an unknown chat. */
  readonly chatNotFound: (chatId: string) => string;
}

export const RULES: Readonly<Record<Generation, Rules>> = {
  now: {
    withoutUserIds: 'allowed',
    userIdsWithUpdatedAtBounds: 'refused',
    orderBy: 'known',
    organizationsArePaged: true,
    deletedChatsKeepTheirName: false,
    chatNotFound: (chatId) => `Chat conversation not found: '${chatId}'`,
  },
  mid: {
    withoutUserIds: 'allowed',
    userIdsWithUpdatedAtBounds: 'allowed',
    orderBy: 'known',
    organizationsArePaged: true,
    deletedChatsKeepTheirName: false,
    chatNotFound: (chatId) => `Chat conversation not found: '${chatId}'`,
  },
  legacy: {
    withoutUserIds: 'refused',
    userIdsWithUpdatedAtBounds: 'allowed',
    orderBy: 'unknown',
    organizationsArePaged: false,
    deletedChatsKeepTheirName: true,
    chatNotFound: (chatId) => `Chat ${chatId} not found.`,
  },
};

/** A well-formed query for a list of chats. */
export interface ChatListQuery {
  readonly limit: number;
  readonly afterId: string | undefined;
  readonly beforeId: string | undefined;
  readonly orderBy: SortField;
  readonly bounds: Readonly<Record<SortField, Bounds | undefined>>;
  readonly organizationIds: readonly string[];
  readonly projectIds: readonly string[];
  readonly userIds: readonly string[];
}

/** @throws ApiError 400 if the generation does not allow this combination of parameters */
export function checkChatListQuery(rules: Rules, query: ChatListQuery): void {
  if (query.userIds.length > 0) {
    refuse(query.orderBy === 'updated_at', 'user_ids[] cannot be combined with order_by=updated_at');
    refuse(
      rules.userIdsWithUpdatedAtBounds === 'refused' && query.bounds.updated_at !== undefined,
      'user_ids[] cannot be combined with updated_at bounds',
    );
    return;
  }
  refuse(rules.withoutUserIds === 'refused', 'user_ids[]: field required');
  const other = query.orderBy === 'updated_at' ? 'created_at' : 'updated_at';
  refuse(query.bounds[other] !== undefined, `${other} bounds cannot be combined with order_by=${query.orderBy}`);
  refuse(query.projectIds.length > 0, 'project_ids[] requires user_ids[]');
  refuse(query.beforeId !== undefined, 'before_id requires user_ids[]');
}

function refuse(condition: boolean, message: string): void {
  if (condition) throw new ApiError(400, message);
}
