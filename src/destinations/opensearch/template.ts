import { z } from 'zod';
import { DestinationError } from '../destination';
import { refusalOf } from '../http-client';
import type { Server } from './server';

/** Raised with each change of the mappings; an index gets those of the template that is there when it is created. */
const VERSION = 1;
const OWNER = 'compliance-chat-sync';

const keyword = { type: 'keyword', ignore_above: 512 };
const mappings = {
  // Whatever comes, no field is added: records have fields of every kind.
  dynamic: false,
  properties: {
    id: keyword,
    chat_id: keyword,
    role: keyword,
    user_id: keyword,
    user_email: keyword,
    organization_id: keyword,
    organization_uuid: keyword,
    project_id: keyword,
    source: keyword,
    chat_name: { type: 'text' },
    text: { type: 'text' },
    created_at: { type: 'date', ignore_malformed: true },
    synced_at: { type: 'date' },
    record: { type: 'object', enabled: false },
    raw: { type: 'keyword', index: false, doc_values: false },
  },
};

const templateOf = (index: string) => ({
  index_patterns: [`${index}-*`],
  priority: 300,
  version: VERSION,
  _meta: { owner: OWNER },
  template: { mappings },
});

const foundSchema = z.object({
  index_templates: z.tuple(
    [
      z.object({
        index_template: z.object({
          version: z.number().optional(),
          _meta: z.object({ owner: z.unknown() }).partial().optional(),
        }),
      }),
    ],
    z.unknown(),
  ),
});

/** Puts our index template unless it is there, or somebody has put another of its name. @throws DestinationError */
export async function requireTemplate(server: Server, index: string, signal: AbortSignal): Promise<void> {
  const path = `/_index_template/${index}`;
  const answer = await server.request({ method: 'GET', path, signal });
  if (![200, 404].includes(answer.status)) {
    if (answer.status !== 403) throw refusalOf(server.where, answer, server.credentials);
    throw new DestinationError(
      'no-template',
      `${server.where} does not tell this user whether the index template ${index} is there: it needs the right to read index templates (status 403)`,
    );
  }
  const isThere = answer.status === 200;
  if (isThere && !isOlderOfOurs(answer.body)) return;
  const put = await server.requestJson({ method: 'PUT', path, signal }, templateOf(index));
  if (put.status < 300) return;
  if (isThere && put.status === 403) return;
  if (put.status !== 403 && put.status !== 400) throw refusalOf(server.where, put, server.credentials);
  throw new DestinationError(
    'no-template',
    put.status === 403
      ? `${server.where} has no index template ${index}, and this user may not put it: let somebody who may start this once, or put it (status 403)`
      : `${server.where} does not take the index template ${index}: is there another for ${index}-* of the same priority? (status 400)`,
  );
}

function isOlderOfOurs(body: Buffer): boolean {
  const found = foundSchema.safeParse(JSON.parse(body.toString()));
  if (!found.success) return false;
  const { version, _meta } = found.data.index_templates[0].index_template;
  return _meta?.owner === OWNER && (version ?? 0) < VERSION;
}
