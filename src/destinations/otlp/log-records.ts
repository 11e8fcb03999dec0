import type { Setting } from '../definition';
import type { Delivery } from '../destination';
import type { EncodedRecord } from '../encoded-record';

interface Attribute {
  key: string;
  value: { stringValue: string };
}

/** The body of a request: records as log records, each with its line as the body's text. */
export const logRecordsOf = ({ source, records }: Delivery, { build }: Pick<Setting, 'build'>): Buffer =>
  Buffer.from(
    JSON.stringify({
      resourceLogs: [
        {
          resource: {
            attributes: attributesOf({
              'service.name': 'compliance-chat-sync',
              'service.version': build,
              'service.instance.id': source,
            }),
          },
          scopeLogs: [{ scope: { name: 'compliance-chat-sync', version: build }, logRecords: records.map(logRecord) }],
        },
      ],
    }),
  );

function logRecord(record: EncodedRecord) {
  const { id, createdAtMs, fields, line } = record;
  return {
    // Of a time before 1970 the protocol knows nothing.
    ...(createdAtMs !== null && createdAtMs >= 0 && { timeUnixNano: `${BigInt(createdAtMs) * 1_000_000n}` }),
    eventName: 'chat.message',
    body: { stringValue: line.toString() },
    attributes: attributesOf({
      'log.record.uid': id,
      'chat.id': fields.chatId,
      'message.role': fields.role,
      'user.id': fields.userId,
      'user.email': fields.userEmail,
      'organization.id': fields.organizationId,
      'organization.uuid': fields.organizationUuid,
      'project.id': fields.projectId,
    }),
  };
}

/** Halves of characters become U+FFFD: a protocol of UTF-8 has no place for them. */
const attributesOf = (values: Record<string, string | null>): Attribute[] =>
  Object.entries(values).flatMap(([key, value]) =>
    value === null || value === '' ? [] : [{ key, value: { stringValue: Buffer.from(value).toString() } }],
  );
