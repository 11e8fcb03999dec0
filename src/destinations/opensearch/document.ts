import { createHash } from 'node:crypto';
import type { EncodedRecord } from '../encoded-record';

const LONGEST_ID_BYTES = 512;
const NEWLINE = '\n';

/** The document's id: the record's, or one that is made of it if the server does not take that. */
export function documentId(id: string): string {
  const text = id.replace(/\p{Surrogate}/gu, '\ufffd');
  const bytes = Buffer.byteLength(text);
  return bytes > 0 && bytes <= LONGEST_ID_BYTES && !text.includes('\0')
    ? text
    : `sha256-${createHash('sha256').update(id).digest('hex')}`;
}

/** The index of the message's month, not of today's: the same message always meets the same index. */
export function indexOf(prefix: string, createdAtMs: number | null): string {
  const month = createdAtMs === null ? '' : new Date(createdAtMs).toISOString().slice(0, 7);
  // Earlier and later ones are errors, each of which would make an index of its own.
  return /^(19[7-9]|20)\d/.test(month) ? `${prefix}-${month.replace('-', '.')}` : `${prefix}-undated`;
}

/** How the record itself is in the document: as an object, or, where the server does not take that, as a text. */
export type Form = 'record' | 'raw';

/** The lines of a bulk request for one record. The record is in them as it is, byte for byte: its numbers keep their digits. */
export function bulkLines(prefix: string, source: string, record: EncodedRecord, form: Form): Buffer[] {
  const { chatId, chatName, role, userId, userEmail, organizationId, organizationUuid, projectId } = record.fields;
  const action = { create: { _index: indexOf(prefix, record.createdAtMs), _id: documentId(record.id) } };
  const document = {
    id: record.id,
    chat_id: chatId,
    chat_name: chatName,
    role,
    created_at: record.createdAt,
    user_id: userId,
    user_email: userEmail,
    organization_id: organizationId,
    organization_uuid: organizationUuid,
    project_id: projectId,
    source,
    synced_at: new Date().toISOString(),
    text: record.text,
  };
  const head = `${JSON.stringify(action)}\n${JSON.stringify(document).slice(0, -1)},"${form}":`;
  const whole = form === 'record' ? record.line : Buffer.from(JSON.stringify(record.line.toString()));
  return [Buffer.from(head), whole, Buffer.from(`}${NEWLINE}`)];
}
