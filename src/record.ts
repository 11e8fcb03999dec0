import type { Chat, Message } from './compliance-api/schemas';
import { stringify } from './exact-number';

/** The person who had the chat; null where the API no longer names one. */
export interface ChatUser {
  id: string;
  email_address: string;
}

/**
 * What this product emits: one chat message with its chat, user, organization and project. Field names, their order
 * and the conventions for absence (`""`, `null`) are those of the operator's contract; times are the API's, unaltered.
 */
export interface MessageRecord {
  id: string;
  role: string;
  created_at: string;
  /** A list of blocks, says the API's documentation; what it gives is passed on, whatever it is. */
  content: unknown;
  files: unknown[] | null;
  artifacts: unknown[] | null;
  chat_id: string;
  chat_name: string;
  chat_user: ChatUser | null;
  organization_id: string;
  organization_uuid: string;
  project_id: string;
  /** Every other field of the API's message, as it came. */
  [field: string]: unknown;
}

/** Joins a message with the metadata of its chat. On a clash of names the record's own fields win. */
export function toRecord(chat: Chat, message: Message): MessageRecord {
  const ours = {
    id: message.id,
    role: message.role,
    created_at: message.created_at,
    content: message.content ?? null,
    files: message.files ?? null,
    artifacts: message.artifacts ?? null,
    chat_id: chat.id,
    chat_name: chat.name ?? '',
    chat_user: chat.user ? { id: chat.user.id, email_address: chat.user.email_address ?? '' } : null,
    organization_id: chat.organization_id ?? '',
    organization_uuid: chat.organization_uuid ?? '',
    project_id: chat.project_id ?? '',
  };
  return { ...ours, ...message, ...ours };
}

/** A record as a line of NDJSON, numbers as they came. What a sink writes begins here: JSON.stringify would show stand-ins. */
export function toLine(record: MessageRecord): string {
  return `${stringify(record)}\n`;
}
