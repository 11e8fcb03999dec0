import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDestinations, type DestinationConfig } from '../../src/config/destinations';
import { EncodedRecord } from '../../src/destinations/encoded-record';
import { DestinationError, type Delivery, type RecordDestination } from '../../src/destinations/destination';
import { destinationContract } from '../support/destination-contract';
import { recordOf } from '../support/made-archive';
import { startReceiver, type Receiver } from '../support/receiver';

const signal = AbortSignal.timeout(100_000);
const position = { archive: 'a', epoch: 0, entry: 1, after: null, byte: 0, part: null, records: 0 };
const window = { epoch: 0, from: '2026-04-01T00:00:00.000Z', to: '2026-04-02T00:00:00.000Z' };
const deliveryOf = (lines: string[], key = 'k'): Delivery => ({
  ...{ source: 's', at: position, next: position, window, key },
  records: lines.map((line) => new EncodedRecord(Buffer.from(line))),
});

function settingsOf(url: string, more: Record<string, string> = {}): DestinationConfig {
  const { destinations, problems } = readDestinations({ DESTINATIONS: 'http', HTTP_URL: url, ...more });
  expect(problems).toEqual([]);
  return destinations[0]!;
}

async function make(url: string, more?: Record<string, string>): Promise<RecordDestination> {
  const { definition, settings, name, prefix, secrets } = settingsOf(url, more);
  const setting = { name, prefix, secrets, source: 's', build: 'test', proxy: {} };
  return (await definition.create(settings, setting)) as RecordDestination;
}

destinationContract('http', async () => {
  const receiver = await startReceiver();
  return {
    make: () => make(receiver.url),
    limits: settingsOf(receiver.url).limits,
    async stored() {
      const lines = receiver.taken.flatMap(({ body }) => body.split('\n').filter((line) => line !== ''));
      return lines.map((json) => ({ id: (JSON.parse(json) as { id: string }).id, json }));
    },
    keepsOnce: false,
    kill: () => receiver.kill(),
    start: () => receiver.start(),
    close: () => receiver.kill(),
  };
});

describe('http', () => {
  let receiver: Receiver;
  let folder: string;
  const made: RecordDestination[] = [];
  beforeEach(async () => {
    receiver = await startReceiver();
    folder = await mkdtemp(join(tmpdir(), 'http-'));
  });
  afterEach(async () => {
    for (const destination of made.splice(0)) await destination.close();
    await receiver.kill();
    await rm(folder, { recursive: true, force: true });
  });
  async function sent(more: Record<string, string> = {}, lines = [recordOf('a'), recordOf('b')]) {
    const destination = await make(receiver.url, more);
    made.push(destination);
    await destination.deliver(deliveryOf(lines), signal);
    return receiver.taken.at(-1)!;
  }

  it('posts lines, or an array, as they are in the archive', async () => {
    const lines = [recordOf('a').replace('}', ',"long":9007199254740993}'), recordOf('b')];
    expect(await sent({}, lines)).toMatchObject({
      body: `${lines.join('\n')}\n`,
      headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': '"k"' },
    });
    expect(await sent({ HTTP_FORMAT: 'json' }, lines)).toMatchObject({
      body: `[${lines.join(',')}]`,
      headers: { 'content-type': 'application/json' },
    });
  });

  it('compresses if it is to', async () => {
    const { headers, raw, body } = await sent({ HTTP_COMPRESSION: 'gzip' });
    expect(headers['content-encoding']).toBe('gzip');
    expect(raw.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
    expect(body.split('\n')).toHaveLength(3);
  });

  it('sends the headers of a file, which is read anew', async () => {
    const file = join(folder, 'headers');
    await writeFile(file, '# of the receiver\nAuthorization: Bearer one\nX-Tenant:\tacme\n');
    const more = { HTTP_HEADERS_FILE: file };
    expect((await sent(more)).headers).toMatchObject({ authorization: 'Bearer one', 'x-tenant': 'acme' });
    const [destination] = made;
    await writeFile(file, 'Authorization: Bearer two');
    await destination!.deliver(deliveryOf([recordOf('c')]), signal);
    expect(receiver.taken.at(-1)?.headers.authorization).toBe('Bearer two');
    await writeFile(file, 'Bearer secret-three');
    const error: unknown = await destination!
      .deliver(deliveryOf([recordOf('d')]), signal)
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/line 1 of the file that HTTP_HEADERS_FILE names is no header/);
    expect(String(error)).not.toContain('secret-three');
  });

  it('signs by Standard Webhooks, with each of the secrets', async () => {
    const file = join(folder, 'secret');
    const one = Buffer.from('a key of any bytes');
    await writeFile(file, `whsec_${one.toString('base64')} plain\n`);
    const { headers, raw } = await sent({ HTTP_SIGNING_SECRET_FILE: file, HTTP_COMPRESSION: 'gzip' });
    const { 'webhook-id': id, 'webhook-timestamp': at } = headers;
    expect(Math.abs(Number(at) - Date.now() / 1000)).toBeLessThan(300);
    const expected = [one, Buffer.from('plain')].map(
      (key) =>
        `v1,${createHmac('sha256', key)
          .update(`${String(id)}.${String(at)}.`)
          .update(raw)
          .digest('base64')}`,
    );
    expect(headers['webhook-signature']).toBe(expected.join(' '));
  });

  it.each([
    [400, 'refused', 'refused'],
    [422, 'refused', 'refused'],
    [413, 'too-large', 'too-large'],
    [401, 'wait', 'unauthorized'],
    [403, 'wait', 'unauthorized'],
    [404, 'wait', 'no-such-place'],
    [408, 'wait', 'busy'],
    [429, 'wait', 'busy'],
    [500, 'wait', 'unavailable'],
    [503, 'wait', 'unavailable'],
    [301, 'wait', 'redirect'],
    [418, 'wait', 'refused-request'],
  ])('%s: %s (%s), and quotes nothing of the answer', async (status, answer, code) => {
    receiver.answer(() => ({
      status,
      body: 'what a secret',
      headers: { location: 'http://127.0.0.1:9/elsewhere', 'retry-after': '7' },
    }));
    const destination = await make(`${receiver.url}?token=hidden`);
    made.push(destination);
    const error: unknown = await destination
      .deliver(deliveryOf([recordOf('a')]), signal)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DestinationError);
    expect(error).toMatchObject({ answer, code });
    if (answer === 'wait') expect(error).toMatchObject({ retryAfterMs: 7000 });
    expect(String(error)).not.toMatch(/secret|hidden|elsewhere/);
    expect(receiver.received).toHaveLength(1);
  });

  it('says which setting is wrong, and never what a secret is', () => {
    const { problems } = readDestinations({
      DESTINATIONS: 'http,http:alerts',
      HTTP_URL: 'http://example.com/?token=secret-1',
      HTTP_FORMAT: 'xml',
      HTTP_SIGNING_SECRET: 'secret-2',
      HTTP_SIGNING_SECRET_FILE: join(folder, 'none'),
      HTTP_START: 'tomorrow',
      HTTP_ALERTS_BATCH_BYTES: '1',
    });
    expect(problems.join('\n')).not.toMatch(/secret-[12]/);
    expect(problems).toEqual([
      'HTTP_URL=http://example.com/?(hidden): expected an https URL without user or fragment (http for loopback only)',
      'HTTP_FORMAT=xml: expected one of ndjson, json',
      `HTTP_SIGNING_SECRET_FILE=${join(folder, 'none')}: expected a file that can be read`,
      'HTTP_START=tomorrow: expected `now`, or an ISO 8601 date or time',
      'HTTP_SIGNING_SECRET: expected either this or HTTP_SIGNING_SECRET_FILE, not both',
      'HTTP_ALERTS_URL is not set: the destination http:alerts needs it',
      'HTTP_ALERTS_BATCH_BYTES=1: expected a whole number from 1000 to 67108864',
    ]);
  });
});
