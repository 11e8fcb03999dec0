import { createHash } from 'node:crypto';
import { topLevelFields } from './top-level-fields';

/** What a record says of its chat and not of its message: a chat is renamed and moved, its messages are not changed by that. */
const OF_CHAT = new Set(['chat_id', 'chat_name', 'chat_user', 'organization_id', 'organization_uuid', 'project_id']);

/** Two messages are the same if one of the two is the same. */
export interface MessageDigest {
  /** Of the bytes. */
  bytes: string;
  /** Of what they mean: another server may write numbers, texts and the order of fields in another way. */
  meaning: string;
}

/** @param record Its JSON, without white space between tokens. */
export function messageDigest(record: Buffer): MessageDigest {
  const fields = topLevelFields(record)
    .filter(({ name }) => !OF_CHAT.has(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const bytes = createHash('sha256');
  for (const { field } of fields) bytes.update(field).update(',');
  const values: unknown = JSON.parse(`{${fields.map(({ field }) => field.toString()).join(',')}}`);
  const meaning = createHash('sha256').update(JSON.stringify(values, inOrder));
  return { bytes: bytes.digest('hex'), meaning: meaning.digest('hex') };
}

export const isSameMessage = (a: MessageDigest, b: MessageDigest): boolean =>
  a.bytes === b.bytes || a.meaning === b.meaning;

function inOrder(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
