import type { Message } from '../compliance-api/message-page';
import type { Chat } from '../compliance-api/schemas';

/** The output record: one chat message with its chat, user, organization and project. */
export interface MessageRecord {
  id: string;
  /** In the API's own notation. */
  createdAt: string;
  /** The record as one line of JSON, in pieces and without a line end; valid only until the batch is written. */
  json: readonly Buffer[];
}

/** Field names that the record sets itself, even if a message has a field of the same name. */
const own = new Set([
  ...['id', 'role', 'created_at', 'content', 'files', 'artifacts'],
  ...['chat_id', 'chat_name', 'chat_user', 'organization_id', 'organization_uuid', 'project_id'],
]);
const given = ['role', 'created_at', 'content', 'files', 'artifacts'].map((name) => ({
  name,
  named: Buffer.from(`,"${name}":`),
}));
const none = Buffer.from('null');
const comma = Buffer.from(',');
const end = Buffer.from('}');

/**
 * Joins messages with the metadata of their chat. Field names, their order and the values for absence (`""`, `null`)
 * follow the operator's contract; on a name clash the record's own field wins. The API's JSON is copied byte for byte,
 * so that numbers keep their digits.
 */
export function* toRecords(chat: Chat, messages: Iterable<Message>): Generator<MessageRecord> {
  const ofChat = Buffer.from(fieldsOf(chat));
  for (const message of messages) yield toRecord(ofChat, message);
}

function fieldsOf(chat: Chat): string {
  const fields = {
    chat_id: chat.id,
    chat_name: chat.name ?? '',
    chat_user: chat.user ? { id: chat.user.id, email_address: chat.user.email_address ?? '' } : null,
    organization_id: chat.organization_id ?? '',
    organization_uuid: chat.organization_uuid ?? '',
    project_id: chat.project_id ?? '',
  };
  return `,${JSON.stringify(fields).slice(1, -1)}`;
}

function toRecord(ofChat: Buffer, message: Message): MessageRecord {
  const fields = message.fields();
  const json: Buffer[] = [Buffer.from(`{"id":${JSON.stringify(message.id)}`)];
  for (const { name, named } of given) {
    const field = fields.get(name);
    json.push(named, ...(field ? message.slices({ from: field.valueFrom, to: field.to }) : [none]));
  }
  json.push(ofChat);
  for (const [name, field] of fields) if (!own.has(name)) json.push(comma, ...message.slices(field));
  json.push(end);
  return { id: message.id, createdAt: message.created_at, json };
}
