import type { Chat } from '../simulator';
import type { Population } from './population';
import type { Listing } from './settings';
import type { TenantFacts } from './tenant';

/** The messages that the archive must hold: a listing per user shows only chats of users who have not left. */
export function factsOf(
  { tenant, deletedAt, leftAt }: Population,
  listing: Listing,
): Pick<TenantFacts, 'messages' | 'unseen' | 'chatIds'> {
  const perUser = listing !== 'organization';
  const chats = [...tenant.chats.values(), ...tenant.hardDeletedChats.values()];
  const isSeen = ({ userId }: Chat): boolean => !perUser || userId !== null;
  const unlistedAt = ({ userId }: Chat): number | null => (perUser ? (leftAt.get(userId ?? '') ?? null) : null);
  const messagesOf = (chat: Chat): TenantFacts['messages'] =>
    chat.messages.map(({ id, createdAt }) => ({
      id,
      chatId: chat.id,
      at: Math.floor(createdAt / 1000),
      deletedAt: deletedAt.get(chat.id) ?? null,
      unlistedAt: unlistedAt(chat),
    }));
  return {
    messages: chats.filter(isSeen).flatMap(messagesOf),
    unseen: chats.filter((chat) => !isSeen(chat)).flatMap(messagesOf).length,
    chatIds: chats.map(({ id }) => id),
  };
}
