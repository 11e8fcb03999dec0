import { createPost } from './post-json';
import { parse, type OpenPlain } from './spec';

export const openOtlp: OpenPlain = async ({ url }) => {
  const post = createPost(url);
  return async (lines) => {
    const logRecords = lines.map(logRecordOf);
    await post('/v1/logs', Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] })));
  };
};

function logRecordOf(line: Buffer): object {
  const { id, created_at, chat_id, role, chat_user, organization_id, organization_uuid } = parse(line);
  const attributes = {
    ...{ 'log.record.uid': id, 'chat.id': chat_id, 'message.role': role },
    ...{ 'user.id': chat_user.id, 'user.email': chat_user.email_address },
    ...{ 'organization.id': organization_id, 'organization.uuid': organization_uuid },
  };
  return {
    timeUnixNano: `${Date.parse(created_at)}000000`,
    eventName: 'chat.message',
    body: { stringValue: line.toString() },
    attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
  };
}
