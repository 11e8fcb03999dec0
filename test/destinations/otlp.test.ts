import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  collectedIn,
  findCollector,
  runCollector,
  startCollector,
  type Collector,
} from '../../harness/servers/collector';
import { lowPort } from '../../harness/servers/low-port';
import type { DestinationConfig } from '../../src/config/destinations';
import { DestinationError, type RecordDestination } from '../../src/destinations/destination';
import { otlp } from '../../src/destinations/otlp/definition';
import { destinationContract } from '../support/destination-contract';
import { CANARY } from '../support/hostile-records';
import { startHttpRelay } from '../support/http-relay';
import { makeArchive, recordOf, recordsOfChat } from '../support/made-archive';
import { startReceiver, type Receiver, type Reply } from '../support/receiver';
import { configOf, deliveryOf, idOf, run, thrownBy } from './record-deliveries';

const signal = AbortSignal.timeout(110_000);
const settingsOf = (url: string, more: Record<string, string> = {}): DestinationConfig =>
  configOf({ DESTINATIONS: 'otlp', OTLP_ENDPOINT: url, ...more });
const limits = otlp.limits!;

async function make(url: string, more?: Record<string, string>): Promise<RecordDestination> {
  const { definition, settings, name, prefix, secrets } = settingsOf(url, more);
  const setting = { name, prefix, secrets, source: 's', build: 'test', proxy: {} };
  return (await definition.create(settings, setting)) as RecordDestination;
}

const program = findCollector();
const describeWithServer = program === undefined ? describe.skip : describe;

async function start(): Promise<Collector & { remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'otlp-'));
  const collector = await startCollector(program!, folder);
  const remove = async (): Promise<void> => {
    await collector.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...collector, remove };
}

if (program !== undefined) {
  destinationContract('otlp', async () => {
    const collector = await start();
    return {
      make: () => make(collector.otlpUrl),
      limits: settingsOf(collector.otlpUrl).limits,
      stored: async () =>
        collector
          .otlp()
          .map(({ attributes, body }) => ({ id: String(attributes['log.record.uid']), json: String(body) })),
      keepsOnce: false,
      kill: () => collector.kill(),
      start: () => collector.start(),
      close: () => collector.remove(),
    };
  });
}

describeWithServer('otlp, on a collector', () => {
  let collector: Awaited<ReturnType<typeof start>>;
  const made: RecordDestination[] = [];
  beforeEach(async () => {
    collector = await start();
  });
  afterEach(async () => {
    for (const destination of made.splice(0)) await destination.close();
    await collector.remove();
  });

  it('has log records with the time of their messages, and attributes to filter by', async () => {
    const odd = ['yesterday', '1969-07-20T20:17:40Z'].map((time) => recordOf(time, { created_at: time }));
    for (const more of [{}, { OTLP_COMPRESSION: 'none' }]) {
      const destination = await make(collector.otlpUrl, more);
      made.push(destination);
      await destination.deliver(deliveryOf([recordOf('a'), ...odd]), signal);
    }
    const [a, b, c, ...again] = collector.otlp();
    expect(again).toEqual([a, b, c]);
    expect(a).toEqual({
      body: recordOf('a'),
      timeUnixNano: `${Date.parse('2026-04-08T14:30:45.123Z')}000000`,
      attributes: {
        ...{ 'log.record.uid': 'a', 'chat.id': 'chat-1', 'message.role': 'user' },
        ...{ 'user.id': 'user_1', 'user.email': 'user@example.com', 'organization.id': 'org_1' },
        'organization.uuid': '550e8400-e29b-41d4-a716-446655440000',
      },
      resource: { 'service.name': 'compliance-chat-sync', 'service.version': 'test', 'service.instance.id': 's' },
    });
    expect([b!.timeUnixNano, c!.timeUnixNano]).toEqual([undefined, undefined]);
  });

  it('takes the largest record that is not shortened, though it is all quotation marks', async () => {
    const archive = await makeArchive();
    const quotes = '"'.repeat(3_900_000);
    await archive.window([
      [...recordsOfChat('one', 10), recordOf('large', { quotes }), recordOf('larger', { quotes: quotes + quotes })],
    ]);
    const destination = await make(collector.otlpUrl);
    made.push(destination);
    expect(await run(archive, destination, limits)).toMatchObject({ delivered: 12, shortened: 1, refused: 0 });
    const large = collector.otlp().find(({ attributes }) => attributes['log.record.uid'] === 'large');
    expect(large!.body === recordOf('large', { quotes })).toBe(true);
    await archive.remove();
  });

  it('loses nothing when answers are lost and the collector is killed in the middle of a batch: a batch comes twice', async () => {
    const archive = await makeArchive();
    await archive.window([recordsOfChat('one', 1500)], [recordsOfChat('two', 1500)]);
    const relay = await startHttpRelay(collector.otlpUrl);
    const destination = await make(relay.url);
    made.push(destination);
    const isData = ({ url = '' }: { url?: string | undefined }): boolean => url.endsWith('/logs');
    let lost = 0;
    relay.lose((request) => isData(request) && ++lost === 2);
    expect(await thrownBy(run(archive, destination, limits))).toMatchObject({ answer: 'wait' });
    let killed: Promise<void> | undefined;
    relay.watch(() => void (killed ??= collector.kill()));
    expect(await thrownBy(run(archive, destination, limits))).toMatchObject({ answer: 'wait' });
    await killed;
    await collector.start();
    expect(await run(archive, destination, limits)).toMatchObject({ caughtUp: true, refused: 0 });
    const ids = collector.otlp().map(({ attributes }) => String(attributes['log.record.uid']));
    for (const chat of ['one', 'two']) {
      const first = [...new Set(ids)].filter((id) => id.startsWith(chat));
      expect(first).toEqual(recordsOfChat(chat, 1500).map(idOf));
    }
    // The batch whose answer was lost; what was killed may have been taken, too.
    const twice = ids.length - new Set(ids).size;
    expect(twice).toBeGreaterThan(0);
    expect(twice).toBeLessThanOrEqual(2 * limits.batchRecords);
    await relay.close();
    await archive.remove();
  });

  it('works with the collector of the documentation', async () => {
    const documentation = await readFile(join(__dirname, '../../docs/destinations.md'), 'utf8');
    const [, written = ''] = /## otlp[\s\S]*?```yaml\n([\s\S]*?)```/.exec(documentation) ?? [];
    const folder = await mkdtemp(join(tmpdir(), 'documented-'));
    const address = `127.0.0.1:${await lowPort()}`;
    const file = join(folder, 'chats.json');
    const config = written.replace('127.0.0.1:4318', address).replace('/var/lib/otelcol/chats.json', file);
    expect(config).not.toMatch(/4318|var/);
    const documented = await runCollector(program!, folder, config, `http://${address}`);
    const destination = await make(`http://${address}`);
    made.push(destination);
    await destination.check(signal);
    await destination.deliver(deliveryOf([recordOf('a')]), signal);
    // An answer means that it is in the file.
    await documented.kill();
    expect(collectedIn(file).map(({ body }) => body)).toEqual([recordOf('a')]);
    await rm(folder, { recursive: true });
  });
});

describe('otlp, on a receiver of our own', () => {
  let receiver: Receiver;
  let url: string;
  const made: RecordDestination[] = [];
  beforeEach(async () => {
    receiver = await startReceiver();
    url = new URL(receiver.url).origin;
  });
  afterEach(async () => {
    for (const destination of made.splice(0)) await destination.close();
    await receiver.kill();
  });
  async function open(more?: Record<string, string>): Promise<RecordDestination> {
    const destination = await make(`${url}/otlp/`, more);
    made.push(destination);
    return destination;
  }
  const partly = (rejectedLogRecords: unknown): Reply => ({
    status: 200,
    body: JSON.stringify({ partialSuccess: { rejectedLogRecords, errorMessage: CANARY } }),
  });

  it.each([
    ['', undefined],
    ['{}', undefined],
    ['{"partialSuccess":{}}', undefined],
    ['{"partialSuccess":{"rejectedLogRecords":"0","errorMessage":"a warning"}}', undefined],
    ['{"partialSuccess":{"rejectedLogRecords":"1"}}', 'rejected'],
    ['{"partialSuccess":{"rejectedLogRecords":1}}', 'rejected'],
    ['{"partialSuccess":{"rejectedLogRecords":"many"}}', 'rejected'],
    ['<html>', 'no-otlp'],
    ['[]', 'no-otlp'],
  ])('takes the answer %s for %s', async (body, code) => {
    receiver.answer(() => ({ status: 200, body }));
    const error = await thrownBy((await open()).deliver(deliveryOf([recordOf('a')]), signal));
    if (code === undefined) expect(error).toBeUndefined();
    else expect(error).toMatchObject({ code, answer: code === 'rejected' ? 'refused' : 'wait' });
    expect(receiver.received[0]!.url).toBe('/otlp/v1/logs');
  });

  it('finds the record that is rejected among others, also when it is the only one of its batch', async () => {
    receiver.answer(({ body }) => (body.includes('"stringValue":"bad"') ? partly('1') : { status: 200, body: '{}' }));
    const archive = await makeArchive();
    await archive.window([[...recordsOfChat('one', 100), recordOf('bad'), ...recordsOfChat('two', 100)]]);
    // Those beside it may have been taken with it: they are sent once more.
    expect(await run(archive, await open(), limits)).toMatchObject({ delivered: 200, refused: 1, caughtUp: true });
    await archive.window([[recordOf('bad', { content: [] })]], [recordsOfChat('three', 1)]);
    expect(await run(archive, await open(), limits)).toMatchObject({ delivered: 1, refused: 2, caughtUp: true });
    await archive.remove();
  });

  it.each([
    [429, 'busy', 'wait'],
    [502, 'unavailable', 'wait'],
    [503, 'unavailable', 'wait'],
    [504, 'unavailable', 'wait'],
    [401, 'unauthorized', 'wait'],
    [404, 'no-such-place', 'wait'],
    [400, 'refused', 'refused'],
    [413, 'too-large', 'too-large'],
  ])('%s: %s, %s, and quotes nothing of the answer', async (status, code, answer) => {
    receiver.answer(() => ({ status, body: CANARY, headers: { 'retry-after': '7' } }));
    const error = await thrownBy((await open()).deliver(deliveryOf([recordOf(CANARY)]), signal));
    expect(error).toBeInstanceOf(DestinationError);
    expect(error).toMatchObject({ code, answer, ...(answer === 'wait' && { retryAfterMs: 7000 }) });
    expect(error).not.toHaveProperty('cause');
    expect(String(error)).not.toContain(CANARY);
  });

  it('sends the headers of a file, which is read anew', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'headers-'));
    const file = join(folder, 'headers');
    await writeFile(file, 'X-Api-Key: wrong\n');
    receiver.answer(({ headers }) => ({ status: headers['x-api-key'] === 'right' ? 200 : 403, body: '{}' }));
    const destination = await open({ OTLP_HEADERS_FILE: file });
    for (const work of [
      () => destination.deliver(deliveryOf([recordOf('a')]), signal),
      () => destination.check(signal),
    ]) {
      expect(await thrownBy(work())).toMatchObject({
        code: 'unauthorized',
        message: expect.stringContaining('see the file that OTLP_HEADERS_FILE names'),
      });
    }
    await writeFile(file, 'X-Api-Key: right\n');
    await destination.deliver(deliveryOf([recordOf('a')]), signal);
    await destination.check(signal);
    expect(receiver.taken.map(({ body }) => body.includes('"logRecords"'))).toEqual([true, false]);
    await rm(folder, { recursive: true });
  });
});
