import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash, randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { findS3, rootKeys, startS3, type S3Server } from '../../harness/servers/s3';
import type { ProxySettings } from '../../src/http/connection';
import { readDestinations } from '../../src/config/destinations';
import { deliver } from '../../src/delivery/deliver';
import { DestinationError, type PartDelivery, type PartDestination } from '../../src/destinations/destination';
import { authority, signed } from '../support/certificate';
import { destinationContract } from '../support/destination-contract';
import { CANARY, hostileRecords } from '../support/hostile-records';
import { startHttpRelay, type HttpRelay } from '../support/http-relay';
import { makeArchive, recordOf, recordsOfChat } from '../support/made-archive';
import { startReceiver, type Received, type Receiver, type Reply } from '../support/receiver';

const program = findS3();
const BUCKET = 'messages';
const PREFIX = 'chats/of-us';

async function make(
  url: string,
  more: Record<string, string> = {},
  proxy: ProxySettings = {},
): Promise<PartDestination> {
  const { destinations, problems } = readDestinations({
    ...{ DESTINATIONS: 's3', S3_BUCKET: BUCKET, S3_PREFIX: PREFIX, S3_ENDPOINT: url, ...more },
  });
  expect(problems).toEqual([]);
  const { definition, settings, name, prefix, secrets } = destinations[0]!;
  const setting = { name, prefix, secrets, source: 'made', build: 'test', proxy };
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

const position = { epoch: 0, start: null, position: null };
const signal = AbortSignal.timeout(110_000);
const window = { epoch: 3, from: '2026-04-08T00:00:00.000Z', to: '2026-04-08T14:30:45.000Z' };
const KEY = `${PREFIX}/year=2026/month=04/day=08/made-3-20260408T143045Z-000001.ndjson.gz`;

/** A part of lines. */
function partOf(lines: readonly string[]): PartDelivery {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  return {
    ...{ source: 'made', window, path: 'messages/2026-04-08/20260408T143045Z-000001.ndjson', bytes: bytes.length },
    sha256: createHash('sha256').update(bytes).digest('hex'),
    async *content() {
      for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
    },
  };
}

const thrownBy = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(() => undefined).catch((e: unknown) => e);

const before = { ...process.env };
beforeEach(() => {
  process.env['AWS_ACCESS_KEY_ID'] = rootKeys.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = rootKeys.secretAccessKey;
});
afterEach(() => {
  process.env = { ...before };
});

const describeWithServer = program === undefined ? describe.skip : describe;

async function start(): Promise<S3Server & { remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 's3-'));
  const server = await startS3(program!, folder, [BUCKET]);
  const remove = async (): Promise<void> => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...server, remove };
}

if (program !== undefined) {
  destinationContract('s3', async () => {
    const server = await start();
    return {
      make: () => make(server.url),
      limits: null,
      stored: async () => linesIn(server).map((json) => ({ id: (JSON.parse(json) as { id: string }).id, json })),
      keepsOnce: true,
      kill: () => server.kill(),
      start: () => server.start(),
      close: () => server.remove(),
    };
  });
}

describeWithServer('s3, on a real server', () => {
  let server: Awaited<ReturnType<typeof start>>;
  let relay: HttpRelay;
  const made: PartDestination[] = [];
  beforeEach(async () => {
    server = await start();
    relay = await startHttpRelay(server.url);
  });
  afterEach(async () => {
    for (const destination of made.splice(0)) await destination.close();
    await relay.close();
    await server.remove();
  });
  async function open(more?: Record<string, string>): Promise<PartDestination> {
    const destination = await make(relay.url, more);
    made.push(destination);
    return destination;
  }

  it('has an object a part, whose key, metadata and bytes are what the part is', async () => {
    const destination = await open();
    const lines = [recordOf('a'), recordOf('b')];
    const part = partOf(lines);
    await destination.deliverPart(part, signal);
    expect([...objectsIn(server).keys()]).toEqual([KEY]);
    expect(linesIn(server)).toEqual(lines);
    const client = new S3Client({ endpoint: server.url, region: 'us-east-1', forcePathStyle: true });
    const { ContentType, Metadata } = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: KEY }));
    client.destroy();
    expect(ContentType).toBe('application/gzip');
    expect(Metadata).toEqual({
      ...{ sha256: part.sha256, records: '2', part: part.path, 'window-from': window.from, 'window-to': window.to },
    });
  });

  it('says of each window with parts what is there, and of a hundred idle ones nothing', async () => {
    const archive = await makeArchive();
    await archive.window(...[]);
    for (let i = 0; i < 99; i++) await archive.window();
    await archive.window([recordsOfChat('one', 2)], [recordsOfChat('two', 1)]);
    const destination = await open();
    const options = { source: archive.source, name: 's3', log: archive.log, destination, limits: null, signal };
    await deliver({ ...options, known: position, isOver: () => false, observe: () => undefined });
    const keys = [...objectsIn(server).keys()];
    const manifest = `${PREFIX}/manifests/made/00000101.json`;
    expect(keys).toEqual([manifest, expect.stringMatching(/-000001\.ndjson\.gz$/), expect.stringMatching(/-000002\./)]);
    expect(relay.requests).toHaveLength(3);
    const text = objectsIn(server).get(manifest)!.toString();
    const ledger = readFileSync(join(archive.folder, 'ledger.jsonl'), 'utf8').trimEnd().split('\n');
    expect(text).toContain(`"entry":${ledger.at(-1)}}`);
    expect((JSON.parse(text) as { objects: { key: string }[] }).objects.map(({ key }) => key)).toEqual(keys.slice(1));
    await archive.remove();
  });

  it('puts one object, of eight that try at once and whatever comes later', async () => {
    const part = partOf(recordsOfChat('one', 50));
    const all = await Promise.all(Array.from({ length: 8 }, () => open()));
    await Promise.all(all.map((destination) => destination.deliverPart(part, signal)));
    const [bytes] = [...objectsIn(server).values()];
    await all[0]!.deliverPart(part, signal);
    expect([...objectsIn(server)]).toEqual([[KEY, bytes]]);
    expect(relay.requests.filter((one) => one.startsWith('HEAD')).length).toBeGreaterThan(0);
  });

  it.each([{}, { S3_CONDITIONAL: 'off' }])('never writes over another object, and names it: %j', async (more) => {
    const destination = await open(more);
    const lines = [recordOf('a')];
    await destination.deliverPart(partOf(lines), signal);
    await destination.deliverPart(partOf(lines), signal);
    const error = await thrownBy(destination.deliverPart(partOf([recordOf('a', { role: CANARY })]), signal));
    expect(error).toMatchObject({ code: 'other-object', answer: 'wait' });
    expect(String(error)).toContain(KEY);
    expect(String(error)).not.toContain(CANARY);
    expect(linesIn(server)).toEqual(lines);
  });

  it('takes an object for delivered whose answer was lost', async () => {
    const destination = await open();
    const part = partOf(recordsOfChat('one', 50));
    // What the SDK says of it would be in the log beside what we say.
    const warned = jest.spyOn(console, 'warn');
    relay.lose(({ method }) => method === 'PUT');
    expect(await thrownBy(destination.deliverPart(part, signal))).toMatchObject({
      answer: 'wait',
      code: 'UND_ERR_SOCKET',
    });
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
    relay.lose(() => false);
    await destination.deliverPart(part, signal);
    expect(linesIn(server)).toHaveLength(50);
    expect(relay.requests.map((one) => one.split(' ')[0])).toEqual(['PUT', 'PUT', 'HEAD']);
  });

  it('leaves nothing of a part behind in whose middle the server was killed', async () => {
    const destination = await open();
    const noise = (id: string): string => recordOf(id, { noise: randomBytes(1_000_000).toString('base64') });
    const lines = Array.from({ length: 12 }, (_, i) => noise(`r-${i}`));
    let sent = 0;
    let killed: Promise<void> | undefined;
    relay.watch((bytes) => {
      sent += bytes;
      if (sent > 2_000_000) killed ??= server.kill();
    });
    expect(await thrownBy(destination.deliverPart(partOf(lines), signal))).toMatchObject({ answer: 'wait' });
    await killed;
    await server.start();
    expect([...objectsIn(server).keys()].filter((key) => key === KEY)).toEqual([]);
    await destination.deliverPart(partOf(lines), signal);
    expect(linesIn(server)).toEqual(lines);
  });

  it('reads credentials that were wrong anew from their file', async () => {
    const file = join(server.data, '..', 'credentials');
    const profile = (secret: string): string =>
      `[default]\naws_access_key_id=${rootKeys.accessKeyId}\naws_secret_access_key=${secret}\n`;
    await writeFile(file, profile(CANARY));
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) Reflect.deleteProperty(process.env, name);
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = file;
    const destination = await open();
    const part = partOf([recordOf('a')]);
    for (const work of [() => destination.deliverPart(part, signal), () => destination.check(signal)]) {
      const error = await thrownBy(work());
      expect(error).toMatchObject({ code: 'unauthorized', answer: 'wait' });
      expect(String(error)).not.toContain(CANARY);
    }
    await writeFile(file, profile(rootKeys.secretAccessKey));
    await destination.deliverPart(part, signal);
    await destination.check(signal);
    expect([...objectsIn(server).keys()]).toEqual([`${PREFIX}/.check/made`, KEY]);
  });

  it('tells that there is no such bucket', async () => {
    const destination = await open({ S3_BUCKET: 'another' });
    expect(await thrownBy(destination.deliverPart(partOf([recordOf('a')]), signal))).toMatchObject({
      code: 'no-such-bucket',
      message: 'S3_BUCKET (another) is not there: see S3_BUCKET and S3_ENDPOINT (status 404)',
    });
  });

  it('writes Parquet with columns for people, the record as it is, and row groups that fit into memory', async () => {
    const destination = await open({ S3_FORMAT: 'parquet' });
    const long = 'x'.repeat(5 * 1024 * 1024);
    const lines = [
      ...Object.values(hostileRecords()),
      ...['l-1', 'l-2', 'l-3', 'l-4'].map((id) => recordOf(id, { long })),
    ];
    await destination.deliverPart(partOf(lines), signal);
    const bytes = objectsIn(server).get(KEY.replace('ndjson.gz', 'parquet'))!;
    const { parquetMetadata, parquetReadObjects } = await import('hyparquet');
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
    const rows = await parquetReadObjects({ file });
    expect(rows.map(({ record }) => String(record))).toEqual(lines);
    expect(rows.find(({ id }) => id === 'h-time')).toMatchObject({
      created_at: null,
      created_at_text: 'yesterday',
    });
    expect(rows.find(({ id }) => id === 'l-1')).toMatchObject({
      ...{ chat_id: 'chat-1', role: 'user', text: 'text of l-1', user_email: 'user@example.com' },
      created_at: new Date('2026-04-08T14:30:45.123Z'),
    });
    expect(parquetMetadata(file).row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([15, 2]);
  });

  it('ends as it is told to, while it reads a part and while it sends it', async () => {
    const destination = await open();
    const part = partOf(recordsOfChat('one', 50));
    const reason = new Error('the worker stops');
    const reading = new AbortController();
    const content = async function* (): AsyncGenerator<Buffer> {
      reading.abort(reason);
      yield* part.content();
    };
    expect(await thrownBy(destination.deliverPart({ ...part, content }, reading.signal))).toBe(reason);
    const sending = new AbortController();
    relay.watch(() => sending.abort(reason));
    expect(await thrownBy(destination.deliverPart(part, sending.signal))).toBe(reason);
  });

  it('leaves no temporary file, whether it works or not', async () => {
    const files = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('chat-sync-part-'));
    const destination = await open();
    const part = partOf(recordsOfChat('one', 50));
    let seen: string[] | undefined;
    const content = async function* (): AsyncGenerator<Buffer> {
      yield* part.content();
      // Nothing even in the middle: a crash there would leave it.
      seen = files();
    };
    await destination.deliverPart({ ...part, content }, signal);
    expect(seen).toEqual([]);
    expect(await thrownBy(destination.deliverPart({ ...part, sha256: 'another' }, signal))).toMatchObject({
      code: 'part-changed',
    });
    expect(files()).toEqual([]);
  });
});

describe('s3, on stores that answer as they like', () => {
  let receiver: Receiver;
  const puts: Received[] = [];
  const made: PartDestination[] = [];
  const servers: Server[] = [];
  beforeEach(async () => {
    receiver = await startReceiver();
    puts.length = 0;
  });
  afterEach(async () => {
    for (const destination of made.splice(0)) await destination.close();
    await receiver.kill();
    for (const server of servers.splice(0)) server.close().closeAllConnections();
  });
  /** Puts a part, and answers it so. */
  async function put(reply: (one: Received) => Reply, more: Record<string, string> = {}): Promise<unknown> {
    receiver.answer((one) => {
      puts.push(one);
      return reply(one);
    });
    const destination = await make(new URL(receiver.url).origin, more);
    made.push(destination);
    return thrownBy(destination.deliverPart(partOf([recordOf('a', { role: CANARY })]), signal));
  }
  const xml = (code: string): string => `<Error><Code>${code}</Code><Message>${CANARY}</Message></Error>`;

  it.each([
    [403, 'AccessDenied', 'unauthorized'],
    [403, 'SignatureDoesNotMatch', 'unauthorized'],
    [400, 'ExpiredToken', 'unauthorized'],
    [403, 'RequestTimeTooSkewed', 'clock-skew'],
    [404, 'NoSuchBucket', 'no-such-bucket'],
    [301, 'PermanentRedirect', 'other-region'],
    [400, 'AuthorizationHeaderMalformed', 'other-region'],
    [409, 'ConditionalRequestConflict', 'conflict'],
    [503, 'SlowDown', 'busy'],
    [500, 'InternalError', 'unavailable'],
    [501, 'NotImplemented', 'not-implemented'],
    [400, 'BadDigest', 'damaged'],
    [400, 'InvalidRequest', 'refused-request'],
    // Amazon begins its answer before it knows.
    [200, 'InternalError', 'unavailable'],
  ])('%s %s: %s, and quotes nothing of the answer', async (status, name, code) => {
    const error = await put(() => ({ status, body: xml(name), headers: { 'retry-after': '7' } }));
    expect(error).toBeInstanceOf(DestinationError);
    expect(error).toMatchObject({ code, answer: 'wait' });
    if (code !== 'conflict') expect(error).toMatchObject({ retryAfterMs: 7000 });
    expect(error).not.toHaveProperty('cause');
    expect(String(error)).not.toContain(CANARY);
    expect(puts).toHaveLength(1);
  });

  it('names the setting for a store that does not know checksums, and sends none with it', async () => {
    const asR2 = ({ headers }: Received): Reply =>
      Object.keys(headers).some((name) => /^x-amz-(sdk-)?checksum/.test(name))
        ? { status: 501, body: xml('NotImplemented') }
        : { status: 200 };
    expect(String(await put(asR2))).toContain('S3_CHECKSUMS=when_required');
    expect(await put(asR2, { S3_CHECKSUMS: 'when_required' })).toBeUndefined();
    const [first, second] = puts;
    expect(first!.headers['x-amz-checksum-sha256']).toBe(createHash('sha256').update(first!.raw).digest('base64'));
    // The signature covers the bytes all the same.
    expect(second!.headers['x-amz-content-sha256']).toBe(createHash('sha256').update(second!.raw).digest('hex'));
    expect(second!.headers['if-none-match']).toBe('*');
  });

  it('asks for encryption, a storage class and a lock as it is told', async () => {
    await put(() => ({ status: 200 }), {
      ...{ S3_SSE: 'aws:kms', S3_KMS_KEY_ID: 'alias/messages', S3_STORAGE_CLASS: 'STANDARD_IA' },
      ...{ S3_OBJECT_LOCK_MODE: 'COMPLIANCE', S3_OBJECT_LOCK_DAYS: '10', S3_CHECKSUMS: 'when_required' },
    });
    const { headers } = puts[0]!;
    expect(headers).toMatchObject({
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'alias/messages',
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'x-amz-checksum-sha256': expect.any(String),
    });
    const until = Date.parse(String(headers['x-amz-object-lock-retain-until-date'])) - Date.now();
    expect(until / 86_400_000).toBeCloseTo(10, 1);
  });

  it('names the bucket in the path, as most stores want it', async () => {
    await put(() => ({ status: 200 }));
    expect(decodeURIComponent(puts[0]!.url)).toBe(`/${BUCKET}/${KEY}?x-id=PutObject`);
  });

  it('trusts the authority of a file, and no other', async () => {
    const store = createServer(signed, (request, response) => request.resume().on('end', () => response.end()));
    store.listen(0, '127.0.0.1');
    await once(store, 'listening');
    servers.push(store);
    const url = `https://127.0.0.1:${(store.address() as AddressInfo).port}`;
    const folder = await mkdtemp(join(tmpdir(), 'ca-'));
    const CA_FILE = join(folder, 'ca.pem');
    await writeFile(CA_FILE, authority);
    const part = partOf([recordOf('a')]);
    for (const [more, says] of [
      [{}, /its certificate is not trusted/],
      [{ S3_CA_FILE: CA_FILE }, /^undefined$/],
    ] as const) {
      const destination = await make(url, more);
      made.push(destination);
      expect(String(await thrownBy(destination.deliverPart(part, signal)))).toMatch(says);
    }
    await rm(folder, { recursive: true });
  });

  it('goes through the proxy of the environment', async () => {
    const asked: string[] = [];
    const proxy = createHttpServer().on('connect', ({ url = '' }: IncomingMessage, socket: Duplex) => {
      asked.push(url);
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    servers.push(proxy);
    const httpsProxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const destination = await make('https://store.example', {}, { httpsProxy });
    made.push(destination);
    const error = await thrownBy(destination.deliverPart(partOf([recordOf('a')]), signal));
    expect(error).toMatchObject({ answer: 'wait' });
    expect(asked).toEqual(['store.example:443']);
  });

  it('says that there are no credentials, and no region', async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) Reflect.deleteProperty(process.env, name);
    process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = process.env['AWS_CONFIG_FILE'] = '/dev/null';
    expect(await put(() => ({ status: 200 }))).toMatchObject({ code: 'no-credentials' });
    const { destinations } = readDestinations({ DESTINATIONS: 's3', S3_BUCKET: BUCKET });
    const { definition, settings, name, prefix, secrets } = destinations[0]!;
    const setting = { name, prefix, secrets, source: 'made', build: 'test', proxy: {} };
    const destination = await definition.create(settings, setting);
    expect(await thrownBy(destination.check(signal))).toMatchObject({ code: 'no-region' });
  });

  it('says which setting is wrong', () => {
    const { problems } = readDestinations({
      ...{ DESTINATIONS: 's3', S3_BUCKET: 'b!', S3_PREFIX: 'a/../b', S3_ENDPOINT: 'http://example.com' },
      ...{ S3_OBJECT_LOCK_DAYS: '0', S3_BATCH_BYTES: '1000' },
    });
    expect(problems.map((problem) => problem.split('=')[0])).toEqual([
      ...['S3_BUCKET', 'S3_PREFIX', 'S3_ENDPOINT', 'S3_OBJECT_LOCK_DAYS'],
    ]);
    const more = { S3_KMS_KEY_ID: 'k', S3_OBJECT_LOCK_DAYS: '1' };
    expect(readDestinations({ DESTINATIONS: 's3', S3_BUCKET: BUCKET, ...more }).problems).toEqual([
      'S3_KMS_KEY_ID: expected S3_SSE=aws:kms with it',
      'S3_OBJECT_LOCK_MODE and S3_OBJECT_LOCK_DAYS: expected both or none',
    ]);
  });
});
