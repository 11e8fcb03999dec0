import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { z } from 'zod';
import { DestinationError } from '../destination';
import { refusalOf } from '../http-client';
import type { Server } from './server';

const itemSchema = z.object({
  create: z.object({ status: z.number(), error: z.object({ type: z.string() }).optional() }),
});
const answerSchema = z.object({ items: z.array(itemSchema) });

/** What became of one document. */
export interface Item {
  status: number;
  /** The server's name for the error, as `mapper_parsing_exception`; '' if there is none. */
  type: string;
}

/** Creates documents. @param documents The lines of each. @returns an item for each. @throws DestinationError */
export async function bulk(server: Server, documents: readonly Buffer[][], signal: AbortSignal): Promise<Item[]> {
  const answer = await server.request({
    // Reasons of errors quote the documents: they are not even sent.
    path: '/_bulk?filter_path=errors,items.*.status,items.*.error.type',
    headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
    body: await promisify(gzip)(Buffer.concat(documents.flat())),
    signal,
  });
  if (answer.status !== 200) throw refusalOf(server.where, answer, server.credentials);
  const items = itemsIn(answer.body);
  if (items?.length !== documents.length) {
    throw new DestinationError('bad-answer', `${server.where} answers as neither OpenSearch nor Elasticsearch does`);
  }
  return items.map(({ create: { status, error } }) => ({ status, type: nameIn(error?.type) }));
}

function itemsIn(body: Buffer): z.output<typeof itemSchema>[] | undefined {
  try {
    return answerSchema.safeParse(JSON.parse(body.toString())).data?.items;
  } catch {
    return undefined;
  }
}

const nameIn = (type = ''): string => (/^[a-z_]{1,80}$/.test(type) ? type : '');
