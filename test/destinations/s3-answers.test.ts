import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { readDestinations } from '../../src/config/destinations';
import { DestinationError, type PartDestination } from '../../src/destinations/destination';
import { authority, signed } from '../support/certificate';
import { CANARY } from '../support/hostile-records';
import { recordOf } from '../support/made-archive';
import { startReceiver, type Received, type Receiver, type Reply } from '../support/receiver';
import { configOf, thrownBy } from './record-deliveries';
import { BUCKET, KEY, make, partOf, signal, withRootKeys } from './s3-under-test';

withRootKeys();

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
    const set = { DESTINATIONS: 's3', S3_BUCKET: BUCKET };
    const { definition, settings, name, prefix, secrets } = configOf(set);
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
      'S3_OBJECT_LOCK_MODE and S3_OBJECT_LOCK_DAYS: expected both or none',
    ]);
    const more = { S3_KMS_KEY_ID: 'k', S3_OBJECT_LOCK_DAYS: '1' };
    expect(readDestinations({ DESTINATIONS: 's3', S3_BUCKET: BUCKET, ...more }).problems).toEqual([
      'S3_KMS_KEY_ID: expected S3_SSE=aws:kms with it',
      'S3_OBJECT_LOCK_MODE and S3_OBJECT_LOCK_DAYS: expected both or none',
    ]);
  });
});
