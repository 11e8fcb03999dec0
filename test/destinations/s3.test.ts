import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { findS3, rootKeys, startS3, type S3Server } from '../../harness/servers/s3';
import { readDestinations } from '../../src/config/destinations';
import type { PartDestination } from '../../src/destinations/destination';
import { destinationContract } from '../support/destination-contract';

const program = findS3();
const BUCKET = 'messages';
const PREFIX = 'chats/of-us';

async function make(url: string, more: Record<string, string> = {}): Promise<PartDestination> {
  const { destinations, problems } = readDestinations({
    ...{ DESTINATIONS: 's3', S3_BUCKET: BUCKET, S3_PREFIX: PREFIX, S3_ENDPOINT: url, ...more },
  });
  expect(problems).toEqual([]);
  const { definition, settings, name, prefix, secrets } = destinations[0]!;
  const setting = { name, prefix, secrets, source: 'made', build: 'test', proxy: {} };
  return (await definition.create(settings, setting)) as PartDestination;
}

/** Every object, by its key. */
function objectsIn({ data }: S3Server): Map<string, Buffer> {
  const folder = join(data, BUCKET);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  const keys = paths.map((path) => path.slice(folder.length + 1)).sort();
  return new Map(keys.map((key) => [key, readFileSync(join(folder, key))]));
}

const linesIn = (server: S3Server): string[] =>
  [...objectsIn(server)]
    .filter(([key]) => key.endsWith('.ndjson.gz'))
    .flatMap(([, bytes]) => gunzipSync(bytes).toString().split('\n').slice(0, -1));

let folder: string;
async function start(): Promise<S3Server> {
  folder = await mkdtemp(join(tmpdir(), 's3-'));
  return startS3(program!, folder, [BUCKET]);
}
async function end(server: S3Server): Promise<void> {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

beforeAll(() => {
  process.env['AWS_ACCESS_KEY_ID'] = rootKeys.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = rootKeys.secretAccessKey;
});

if (!program) it.skip('has no S3 server', () => undefined);
else {
  destinationContract('s3', async () => {
    const server = await start();
    return {
      make: () => make(server.url),
      limits: null,
      stored: async () => linesIn(server).map((json) => ({ id: (JSON.parse(json) as { id: string }).id, json })),
      keepsOnce: true,
      kill: () => server.kill(),
      start: () => server.start(),
      close: () => end(server),
    };
  });
}
