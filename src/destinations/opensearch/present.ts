import { z } from 'zod';
import { DestinationError } from '../destination';
import { refusalOf } from '../http-client';
import { documentId } from './document';
import type { Server } from './server';

/** Of one search. */
const MOST_IDS = 1000;

const foundSchema = z.object({
  hits: z.object({ hits: z.array(z.object({ _id: z.string() })).default([]) }).default({ hits: [] }),
  _shards: z.object({ failed: z.number() }),
});

/** Which of the messages are in any of the indices. @throws DestinationError */
export async function presentIds(
  server: Server,
  index: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const present = new Set<string>();
  // What was created last is found after a refresh only; who may not ask for one sees it a second later.
  const refreshed = await server.request({ path: `/${index}-*/_refresh?filter_path=_shards.failed`, signal });
  if (![200, 403, 404].includes(refreshed.status)) throw refusalOf(server.where, refreshed, server.credentials);
  for (let from = 0; from < ids.length; from += MOST_IDS) {
    const some = ids.slice(from, from + MOST_IDS);
    const found = await search(server, index, some.map(documentId), signal);
    for (const id of some) if (found.has(documentId(id))) present.add(id);
  }
  return present;
}

async function search(server: Server, index: string, ids: string[], signal: AbortSignal): Promise<Set<string>> {
  const path = `/${index}-*/_search?filter_path=hits.hits._id,_shards.failed`;
  const query = { size: ids.length, _source: false, query: { ids: { values: ids } } };
  const answer = await server.requestJson({ path, signal }, query);
  if (answer.status !== 200) throw refusalOf(server.where, answer, server.credentials);
  const { hits, _shards } = foundSchema.parse(JSON.parse(answer.body.toString()));
  if (_shards.failed > 0) throw new DestinationError('unavailable', `${server.where} did not search all of its shards`);
  return new Set(hits.hits.map(({ _id }) => _id));
}
