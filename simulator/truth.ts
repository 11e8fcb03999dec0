import type { Message } from './model';
import type { Tenant } from './tenant';
import { cutTo, formatTime, toMicros, type TimeInput } from './timestamps';

/** A message that a client must find, with the current fields of its chat. */
export interface TrueMessage {
  readonly id: string;
  readonly role: string;
  /** RFC 3339, in the server's precision. */
  readonly createdAt: string;
  readonly chatId: string;
  readonly chatName: string;
  readonly chatUpdatedAt: string;
  /** True if the chat was deleted in claude.ai: the API shows its messages without content. */
  readonly chatIsDeleted: boolean;
  readonly userId: string | null;
  readonly organizationId: string;
  readonly organizationUuid: string;
  readonly projectId: string | null;
  readonly message: Message;
}

/**
 * All messages that the API shows now, in order of chat creation, from `from` inclusive to `to` exclusive. Both are cut
 * to the precision of messages. Messages of hard-deleted chats are not among them.
 */
export function truth(
  tenant: Tenant,
  range: { from?: TimeInput | undefined; to?: TimeInput | undefined } = {},
): TrueMessage[] {
  const { precision } = tenant;
  const micros = (time: TimeInput): number => cutTo(precision.messages, toMicros(time));
  const from = range.from === undefined ? -Infinity : micros(range.from);
  const to = range.to === undefined ? Infinity : micros(range.to);
  return tenant.chatOrder.created_at.entries().flatMap(({ item: chat }) =>
    chat.messages
      .filter(({ createdAt }) => createdAt >= from && createdAt < to)
      .map((message) => ({
        id: message.id,
        role: message.role,
        createdAt: formatTime(precision.messages, message.createdAt),
        chatId: chat.id,
        chatName: chat.name,
        chatUpdatedAt: formatTime(precision.chats, chat.updatedAt),
        chatIsDeleted: chat.deletedAt !== null,
        userId: chat.userId,
        organizationId: tenant.organizations.get(chat.organizationUuid)?.id ?? '',
        organizationUuid: chat.organizationUuid,
        projectId: chat.projectId,
        message,
      })),
  );
}
