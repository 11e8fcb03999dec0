import { ApiError } from './errors';
import type { Bounds } from './query';

/** The generations of the Compliance API's rules, newest first. */
export const GENERATIONS = ['now', 'mid', 'legacy'] as const;
export type Generation = (typeof GENERATIONS)[number];

export type SortField = 'created_at' | 'updated_at';

/** What differs between the generations; everything else holds for all. */
export interface Rules {
  /** A list of chats without `user_ids[]`: the whole organization tree in one stream. */
  readonly withoutUserIds: 'allowed' | 'refused';
  readonly userIdsWithUpdatedAtBounds: 'allowed' | 'refused';
  /** `unknown`: the parameter does not exist, chats come in the order of their creation. */
  readonly orderBy: 'known' | 'unknown';
  readonly organizationsArePaged: boolean;
  readonly deletedChatsKeepTheirName: boolean;
  /** What a 404 says of a chat that is gone. */
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

/** A list of chats as asked for, each part well-formed. */
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

/** Throws unless the generation allows the parts of the query together. */
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
