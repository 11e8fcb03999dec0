import type { Message } from './model';
import type { Tenant } from './tenant';
import { cutTo, formatTime, toMicros, type TimeInput } from './timestamps';

/** A message that an exact reader finds, with what its chat says about it now. */
export interface TrueMessage {
  readonly id: string;
  readonly role: string;
  /** As the server shows it. */
  readonly createdAt: string;
  readonly chatId: string;
  readonly chatName: string;
  readonly chatUpdatedAt: string;
  /** The chat was deleted in claude.ai: its messages are there, but empty. */
  readonly chatIsDeleted: boolean;
  readonly userId: string | null;
  readonly organizationId: string;
  readonly organizationUuid: string;
  readonly projectId: string | null;
  readonly message: Message;
}

/**
 * Every message that can be read now, in the order of chat creation: `from` is included, `to` is not,
 * both cut to the precision in which messages are shown. Hard-deleted chats have none left;
 * `tenant.hardDeletedChats` tells which those are.
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
