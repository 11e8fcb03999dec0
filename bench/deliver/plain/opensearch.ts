import { Client } from 'undici';
import { createPost } from './post-json';
import { parse, type OpenPlain } from './spec';

const keyword = { type: 'keyword', ignore_above: 512 };
/** The product's. */
const mappings = {
  dynamic: false,
  properties: {
    ...{ id: keyword, chat_id: keyword, role: keyword, user_id: keyword, user_email: keyword, source: keyword },
    ...{ organization_id: keyword, organization_uuid: keyword, project_id: keyword },
    ...{ chat_name: { type: 'text' }, text: { type: 'text' } },
    ...{ created_at: { type: 'date' }, synced_at: { type: 'date' }, record: { type: 'object', enabled: false } },
  },
};

export const openOpenSearch: OpenPlain = async ({ url }) => {
  await putTemplate(url);
  const post = createPost(url, { 'content-type': 'application/x-ndjson' });
  return async (lines) => {
    const body = Buffer.concat(lines.flatMap(bulkLines));
    const { errors } = (await post('/_bulk?filter_path=errors,items.*.status', body)) as { errors: boolean };
    if (errors) throw new Error('not all documents were taken');
  };
};

async function putTemplate(url: string): Promise<void> {
  const client = new Client(new URL(url).origin);
  await client.request({
    method: 'PUT',
    path: '/_index_template/chat-messages',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ index_patterns: ['chat-messages-*'], template: { mappings } }),
  });
  await client.close();
}

function bulkLines(line: Buffer): Buffer[] {
  const { id, chat_id, chat_name, role, created_at, chat_user, content, ...rest } = parse(line);
  const { organization_id, organization_uuid, project_id } = rest;
  const action = { create: { _index: `chat-messages-${created_at.slice(0, 7).replace('-', '.')}`, _id: id } };
  const document = {
    ...{ id, chat_id, chat_name, role, created_at, user_id: chat_user.id, user_email: chat_user.email_address },
    ...{ organization_id, organization_uuid, project_id, source: 'bench', synced_at: new Date().toISOString() },
    text: content.map(({ text }) => text).join('\n\n'),
  };
  const head = `${JSON.stringify(action)}\n${JSON.stringify(document).slice(0, -1)},"record":`;
  return [Buffer.from(head), line, Buffer.from('}\n')];
}
