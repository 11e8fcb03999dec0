import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { rootKeys, startS3, type S3Server } from '../../harness/servers/s3';
import type { PartDelivery, PartDestination } from '../../src/destinations/destination';
import type { ProxySettings } from '../../src/http/connection';
import { configOf } from './record-deliveries';

export const BUCKET = 'messages';
export const PREFIX = 'chats/of-us';
export const window = { epoch: 3, from: '2026-04-08T00:00:00.000Z', to: '2026-04-08T14:30:45.000Z' };
/** Of every part of {@link partOf}. */
export const KEY = `${PREFIX}/year=2026/month=04/day=08/made-3-20260408T143045Z-000001.ndjson.gz`;
export const signal = AbortSignal.timeout(110_000);

/** With the keys of the server's owner in the environment, for each test of a file. */
export function withRootKeys(): void {
  const before = { ...process.env };
  beforeEach(() => {
    process.env['AWS_ACCESS_KEY_ID'] = rootKeys.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = rootKeys.secretAccessKey;
  });
  afterEach(() => {
    process.env = { ...before };
  });
}

export async function make(
  url: string,
  more: Record<string, string> = {},
  proxy: ProxySettings = {},
): Promise<PartDestination> {
  const set = { DESTINATIONS: 's3', S3_BUCKET: BUCKET, S3_PREFIX: PREFIX, S3_ENDPOINT: url, ...more };
  const { definition, settings, name, prefix, secrets } = configOf(set);
  const setting = { name, prefix, secrets, source: 'made', build: 'test', proxy };
  return (await definition.create(settings, setting)) as PartDestination;
}

/** Every object, by its key. */
export function objectsIn({ data }: S3Server): Map<string, Buffer> {
  const folder = join(data, BUCKET);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  const keys = paths.map((path) => path.slice(folder.length + 1)).sort();
  return new Map(keys.map((key) => [key, readFileSync(join(folder, key))]));
}

export const linesIn = (server: S3Server): string[] =>
  [...objectsIn(server)]
    .filter(([key]) => key.endsWith('.ndjson.gz'))
    .flatMap(([, bytes]) => gunzipSync(bytes).toString().split('\n').slice(0, -1));

/** A part of lines. */
export function partOf(lines: readonly string[]): PartDelivery {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  return {
    ...{ source: 'made', window, path: 'messages/2026-04-08/20260408T143045Z-000001.ndjson', bytes: bytes.length },
    sha256: createHash('sha256').update(bytes).digest('hex'),
    async *content() {
      for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
    },
  };
}

export type Store = S3Server & { remove: () => Promise<void> };

/** A server with an empty bucket. */
export async function start(program: string): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), 's3-'));
  const server = await startS3(program, folder, [BUCKET]);
  const remove = async (): Promise<void> => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...server, remove };
}
