import { request } from 'undici';
import { z } from 'zod';
import { installed } from '../../harness/servers/installed';
import { startOpenSearch } from '../../harness/servers/opensearch';
import type { Server } from '../../harness/servers/server';
import type { Setting } from '../../src/destinations/definition';
import type { RecordDestination } from '../../src/destinations/destination';
import { opensearch, openSearchSettings } from '../../src/destinations/opensearch/definition';
import { settingOf } from './deliveries';

const home = installed('opensearch');
if (home === undefined) {
  console.warn(
    'no OpenSearch on this machine: its tests are skipped; `node scripts/servers.mjs opensearch` installs it',
  );
}
export const describeOpenSearch = home === undefined ? describe.skip : describe;

/** As a worker makes it. */
export async function makeOpenSearch(
  settings: Record<string, string>,
  secrets: Setting['secrets'] = {},
): Promise<RecordDestination> {
  const setting = settingOf('opensearch', 'OPENSEARCH_', secrets);
  const destination = await opensearch.create(z.object(openSearchSettings).parse(settings), setting);
  if (!('deliver' in destination)) throw new Error('takes no records');
  return destination;
}

/** A server for the tests of a file; each has an index name of its own. @param more Lines of the server's configuration. */
export function openSearchServer(more: readonly string[] = []) {
  let server: Server | undefined;
  beforeAll(async () => {
    if (home !== undefined) server = await startOpenSearch(home, more);
  });
  afterAll(() => server?.stop());
  const running = (): Server => {
    if (!server) throw new Error('no server');
    return server;
  };
  let indices = 0;
  return {
    running,
    open: () => {
      indices += 1;
      return { index: `lab${indices}`, url: running().url };
    },
    ask: (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object) =>
      ask(running().url, method, path, body),
  };
}

export interface Hit {
  _id: string;
  _index: string;
  _version: number;
  _source: Record<string, unknown>;
}

/** Asks the server for JSON. */
async function ask(
  url: string,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: object,
): Promise<{ status: number; text: string; json: Record<string, unknown> }> {
  const answer = await request(`${url}${path}`, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await answer.body.text();
  return { status: answer.statusCode, text, json: JSON.parse(text) as Record<string, unknown> };
}

export type Ask = ReturnType<typeof openSearchServer>['ask'];

/** Every document of an index name. */
export async function hitsOf(askServer: Ask, index: string): Promise<Hit[]> {
  await askServer('POST', `/${index}-*/_refresh`);
  const { json } = await askServer('POST', `/${index}-*/_search?version=true`, { size: 10_000 });
  return (json['hits'] as { hits: Hit[] } | undefined)?.hits ?? [];
}
