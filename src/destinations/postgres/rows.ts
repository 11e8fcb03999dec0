import { rfc3339Ms } from '../../domain/rfc3339';
import type { EncodedRecord } from '../encoded-record';
import { storableJson, storableText } from './json-text';

/** With their types; all are sent as text. */
export const columns = {
  id: 'text',
  chat_id: 'text',
  chat_name: 'text',
  role: 'text',
  created_at: 'timestamptz',
  user_id: 'text',
  user_email: 'text',
  organization_id: 'text',
  organization_uuid: 'text',
  project_id: 'text',
  record: 'jsonb',
  raw: 'text',
} as const;
type Values = Record<keyof typeof columns, string | null>;

/** A record as a row of the table. */
export interface Row {
  /** The record's own id: the column's is the same, unless PostgreSQL cannot hold it. */
  recordId: string;
  values: Values;
  /** The same without what PostgreSQL may find too large or out of range; absent if that is what it is already. */
  plainer?: () => Row;
}

const LONGEST_PLAIN = 256;

/** The whole record as jsonb, and in `raw` as well if jsonb does not hold it to the letter. */
export function rowOf(record: EncodedRecord): Row {
  const line = record.line.toString();
  const json = storableJson(line);
  const values: Values = { ...metadataOf(record), record: json, raw: json === line ? null : line };
  return { recordId: record.id, values, plainer: () => plainRowOf(record) };
}

/** The record's metadata as jsonb; the record itself is in `raw`. */
function plainRowOf(record: EncodedRecord): Row {
  const { id, ...metadata } = metadataOf(record);
  const short = Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name, value === null ? null : beginningOf(value)]),
  ) as Omit<Values, 'id' | 'record' | 'raw'>;
  const user = { id: short.user_id, email_address: short.user_email };
  const { user_id, user_email, ...rest } = short;
  const json = JSON.stringify({ id, ...rest, chat_user: user });
  // Years that PostgreSQL has no place for are in the JSON.
  const year = Number(short.created_at?.slice(0, 4) ?? 0);
  const created_at = year > 0 ? short.created_at : null;
  return { recordId: record.id, values: { ...short, id, created_at, record: json, raw: record.line.toString() } };
}

function metadataOf(record: EncodedRecord): Omit<Values, 'record' | 'raw'> {
  const { chatId, chatName, role, userId, userEmail, organizationId, organizationUuid, projectId } = record.fields;
  const text = (value: string | null): string | null => (value === null ? null : storableText(value));
  return {
    id: storableText(record.id),
    chat_id: storableText(chatId),
    chat_name: text(chatName),
    role: text(role),
    created_at: rfc3339Ms(record.createdAt) === undefined ? null : record.createdAt,
    user_id: text(userId),
    user_email: text(userEmail),
    organization_id: text(organizationId),
    organization_uuid: text(organizationUuid),
    project_id: text(projectId),
  };
}

/** In whole characters. */
const beginningOf = (text: string): string => storableText(text.slice(0, LONGEST_PLAIN));
