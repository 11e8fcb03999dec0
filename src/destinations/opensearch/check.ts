import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { DestinationError } from '../destination';
import { refusalOf } from '../http-client';
import { bulk } from './bulk';
import type { Server } from './server';
import { requireTemplate } from './template';

const healthSchema = z.object({ status: z.string() });

/** Does what a delivery does, in an index `<index>-check`, which it removes again if the user may. @throws DestinationError */
export async function checkServer(server: Server, index: string, signal: AbortSignal): Promise<void> {
  const root = await server.request({ method: 'GET', path: '/', signal });
  if (root.status === 401 || root.status >= 500) throw refusalOf(server.where, root, server.credentials);
  const health = await server.request({ method: 'GET', path: '/_cluster/health?filter_path=status', signal });
  if (health.status === 200 && healthSchema.safeParse(json(health.body)).data?.status === 'red') {
    throw new DestinationError('red', `${server.where} has lost shards: its health is red`);
  }
  await requireTemplate(server, index, signal);
  const id = randomUUID();
  const action = { create: { _index: `${index}-check`, _id: id } };
  const [item] = await bulk(server, [[Buffer.from(`${JSON.stringify(action)}\n{}\n`)]], signal);
  if (item?.status === 400) {
    throw new DestinationError(
      'no-ids',
      `${server.where} does not take documents with an id of ours, so nothing could be sent once (status 400)`,
    );
  }
  if (item?.status !== 201) {
    throw new DestinationError(
      item?.type || 'refused',
      `${server.where} created no document (status ${item?.status ?? 0})`,
    );
  }
  const removed = await server.request({ method: 'DELETE', path: `/${index}-check`, signal });
  if (removed.status === 403) await server.request({ method: 'DELETE', path: `/${index}-check/_doc/${id}`, signal });
}

function json(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
