import { readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Client as Postgres } from 'pg';
import { request } from 'undici';
import { z } from 'zod';
import { findCollector, startCollector } from '../harness/servers/collector';
import { installed } from '../harness/servers/installed';
import { startOpenSearch } from '../harness/servers/opensearch';
import { startPostgres } from '../harness/servers/postgres';
import { findS3, rootKeys, startS3 } from '../harness/servers/s3';
import type { Settings } from '../harness/process-env';

/** The destinations on real servers that a run may have beside `http`. */
export const TARGETS = ['postgres', 's3', 'splunk-hec', 'otlp', 'opensearch'] as const;
export type TargetName = (typeof TARGETS)[number];

/** A destination on a real server. */
export interface Target {
  readonly name: TargetName;
  /** The worker's. */
  readonly settings: Settings;
  /** How often a message may be there: once for each time that the archive has it, once at all, or as often as it came. */
  readonly promise: 'as archived' | 'once' | 'at least once';
  kill(): Promise<void>;
  start(): Promise<void>;
  /** The ids of everything that is there. */
  ids(): Promise<string[]>;
  stop(): Promise<void>;
}

const SMALL_BATCH = '100000';
const MOST_HITS = 10_000;

const recordSchema = z.object({ id: z.string() });
const idIn = (line: string): string => recordSchema.parse(JSON.parse(line)).id;

/** Starts a server; null where it is not at hand (`node scripts/servers.mjs` builds all). @param folder Of the run. */
export async function startTarget(name: TargetName, folder: string): Promise<Target | null> {
  const own = join(folder, name);
  await mkdir(own);
  return STARTS[name](own);
}

const STARTS: Record<TargetName, (folder: string) => Promise<Target | null>> = {
  async postgres() {
    const program = installed('postgres');
    if (program === undefined) return null;
    const server = await startPostgres(program);
    return {
      ...{ name: 'postgres', promise: 'once' },
      settings: { POSTGRES_URL: server.url, POSTGRES_BATCH_BYTES: SMALL_BATCH },
      kill: () => server.kill(),
      start: () => server.restart(),
      stop: () => server.stop(),
      async ids() {
        const client = new Postgres({ connectionString: server.url });
        await client.connect();
        try {
          return (await client.query<{ id: string }>('SELECT id FROM chat_messages')).rows.map(({ id }) => id);
        } finally {
          await client.end();
        }
      },
    };
  },
  async s3(folder) {
    const program = findS3();
    if (program === undefined) return null;
    const server = await startS3(program, folder, ['chaos']);
    const { accessKeyId, secretAccessKey } = rootKeys;
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: 'us-east-1' };
    return {
      ...{ name: 's3', promise: 'as archived' },
      settings: { S3_BUCKET: 'chaos', S3_ENDPOINT: server.url, S3_PATH_STYLE: 'on', ...keys },
      kill: () => server.kill(),
      start: () => server.start(),
      stop: () => server.stop(),
      async ids() {
        const objects = readdirSync(join(server.data, 'chaos'), { recursive: true, encoding: 'utf8' });
        const parts = objects.filter((path) => path.endsWith('.ndjson.gz'));
        const texts = parts.map((path) => gunzipSync(readFileSync(join(server.data, 'chaos', path))).toString());
        return texts.flatMap((text) => text.split('\n').slice(0, -1).map(idIn));
      },
    };
  },
  async 'splunk-hec'(folder) {
    const program = findCollector();
    if (program === undefined) return null;
    const server = await startCollector(program, folder);
    return {
      ...{ name: 'splunk-hec', promise: 'at least once' },
      settings: { SPLUNK_HEC_URL: server.hecUrl, SPLUNK_HEC_TOKEN: 'a-token', SPLUNK_HEC_BATCH_BYTES: SMALL_BATCH },
      kill: () => server.kill(),
      start: () => server.start(),
      stop: () => server.stop(),
      ids: async () => server.hec().map(({ attributes }) => String(attributes['id'])),
    };
  },
  async otlp(folder) {
    const program = findCollector();
    if (program === undefined) return null;
    const server = await startCollector(program, folder);
    return {
      ...{ name: 'otlp', promise: 'at least once' },
      settings: { OTLP_ENDPOINT: server.otlpUrl, OTLP_BATCH_BYTES: SMALL_BATCH },
      kill: () => server.kill(),
      start: () => server.start(),
      stop: () => server.stop(),
      ids: async () => server.otlp().map(({ attributes }) => String(attributes['log.record.uid'])),
    };
  },
  async opensearch() {
    const program = installed('opensearch');
    if (program === undefined) return null;
    const server = await startOpenSearch(program);
    return {
      ...{ name: 'opensearch', promise: 'once' },
      settings: { OPENSEARCH_URL: server.url },
      kill: () => server.kill(),
      start: () => server.restart(),
      stop: () => server.stop(),
      async ids() {
        await request(`${server.url}/chat-messages-*/_refresh`, { method: 'POST' });
        const ids: string[] = [];
        for (let after: unknown[] | undefined; ;) {
          const query = {
            size: MOST_HITS,
            _source: false,
            sort: [{ id: 'asc' }],
            ...(after && { search_after: after }),
          };
          const { body } = await request(`${server.url}/chat-messages-*/_search`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(query),
          });
          const { hits } = hitsSchema.parse(await body.json());
          ids.push(...hits.hits.map(({ _id }) => _id));
          after = hits.hits.at(-1)?.sort;
          if (after === undefined) return ids;
        }
      },
    };
  },
};

const hitsSchema = z.object({
  hits: z.object({ hits: z.array(z.object({ _id: z.string(), sort: z.array(z.unknown()) })) }),
});
