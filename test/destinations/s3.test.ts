import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { findS3, rootKeys } from '../../harness/servers/s3';
import type { PartDestination } from '../../src/destinations/destination';
import { destinationContract } from '../support/destination-contract';
import { CANARY, hostileRecords } from '../support/hostile-records';
import { startHttpRelay, type HttpRelay } from '../support/http-relay';
import { makeArchive, recordOf, recordsOfChat } from '../support/made-archive';
import { idOf, run, thrownBy } from './record-deliveries';
import {
  BUCKET,
  KEY,
  linesIn,
  make,
  objectsIn,
  partOf,
  PREFIX,
  signal,
  start,
  type Store,
  window,
  withRootKeys,
} from './s3-under-test';

withRootKeys();

const program = findS3();
const describeWithServer = program === undefined ? describe.skip : describe;

if (program !== undefined) {
  destinationContract('s3', async () => {
    const server = await start(program);
    return {
      make: () => make(server.url),
      limits: null,
      stored: async () => linesIn(server).map((json) => ({ id: idOf(json), json })),
      keepsOnce: true,
      kill: () => server.kill(),
      start: () => server.start(),
      close: () => server.remove(),
    };
  });
}

describeWithServer('s3, on a real server', () => {
  let server: Store;
  let relay: HttpRelay;
  const made: PartDestination[] = [];
  beforeEach(async () => {
    server = await start(program!);
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
    await run(archive, destination, null);
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
      content: '[{"type":"text","text":"text of l-1"}]',
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
