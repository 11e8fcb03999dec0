import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readDestinations } from '../../src/config/destinations';
import { DestinationError, type RecordDestination } from '../../src/destinations/destination';
import { CANARY } from '../support/hostile-records';
import { makeArchive, recordOf, recordsOfChat } from '../support/made-archive';
import { startReceiver, type Received, type Receiver, type Reply } from '../support/receiver';
import { deliveryOf, idOf, run, thrownBy } from './record-deliveries';
import { limits, make, pauses, signal, TOKEN } from './splunk-hec-under-test';

beforeEach(() => void pauses.splice(0));

/** What a Splunk says. */
const hec = (status: number, code: number, more: object = {}, headers: Record<string, string> = {}): Reply => ({
  status,
  headers,
  body: JSON.stringify({ text: `about ${CANARY}`, code, ...more }),
});

describe('splunk-hec, on an event collector of our own', () => {
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
  function open(more?: Record<string, string>): RecordDestination {
    const destination = make(url, more);
    made.push(destination);
    return destination;
  }
  const isAck = ({ url: path }: Received): boolean => path.startsWith('/services/collector/ack');
  const events = (): Received[] => receiver.received.filter((one) => one.url === '/services/collector/event');

  it('sends the records byte for byte', async () => {
    receiver.answer(() => hec(200, 0));
    const lines = [recordOf('a').replace('}', ',"long":9007199254740993,"odd":"\\ud800\\u0000"}'), recordOf('b')];
    for (const more of [{}, { SPLUNK_HEC_COMPRESSION: 'none' }]) {
      await open(more).deliver(deliveryOf(lines), signal);
      const { body, headers, raw } = receiver.received.at(-1)!;
      const sent = body.split('\n').slice(0, -1);
      expect(sent.map((one) => one.slice(one.indexOf(',"event":') + 9, -1))).toEqual(lines);
      expect(JSON.parse(sent[0]!)).toMatchObject({ time: 1775658645.123, source: 's', fields: { id: 'a' } });
      expect(headers).toMatchObject({ authorization: `Splunk ${TOKEN}` });
      expect(headers['content-encoding'] === 'gzip').toBe(raw.toString() !== body);
    }
  });

  it.each([
    [403, 1, 'unauthorized', 'wait'],
    [401, 2, 'unauthorized', 'wait'],
    [401, 3, 'unauthorized', 'wait'],
    [403, 4, 'unauthorized', 'wait'],
    [400, 6, 'invalid-data', 'refused'],
    [400, 7, 'wrong-index', 'wait'],
    [500, 8, 'unavailable', 'wait'],
    [503, 9, 'unavailable', 'wait'],
    [400, 10, 'no-channel', 'wait'],
    [400, 11, 'no-channel', 'wait'],
    [400, 12, 'no-event', 'refused'],
    [400, 13, 'blank-event', 'refused'],
    [400, 15, 'invalid-fields', 'refused'],
    [429, 20, 'busy', 'wait'],
    [413, 27, 'too-large', 'too-large'],
    [404, 404, 'no-such-place', 'wait'],
    [200, 1, 'no-event-collector', 'wait'],
  ])('%s with code %s: %s, %s, and quotes nothing of the answer', async (status, code, name, answer) => {
    receiver.answer(() => hec(status, code, { 'invalid-event-number': 0 }));
    const error = await thrownBy(open().deliver(deliveryOf([recordOf(CANARY)]), signal));
    expect(error).toBeInstanceOf(DestinationError);
    expect(error).toMatchObject({ code: name, answer });
    expect(error).not.toHaveProperty('cause');
    expect(String(error)).not.toMatch(new RegExp(`${CANARY}|${TOKEN}`));
  });

  it('does not take the page of somebody else for an answer', async () => {
    receiver.answer(() => ({ status: 200, body: '<html>log in</html>' }));
    expect(await thrownBy(open().deliver(deliveryOf([recordOf('a')]), signal))).toMatchObject({
      code: 'no-event-collector',
    });
  });

  it('waits for the acknowledgement, in the channel and with the cookies of the events', async () => {
    let polls = 0;
    receiver.answer((one, n) => {
      if (!isAck(one)) return hec(200, 0, { ackId: n }, { 'set-cookie': 'indexer=one; Path=/; HttpOnly' });
      const id = String((JSON.parse(one.body) as { acks: number[] }).acks[0]);
      return { status: 200, body: JSON.stringify({ acks: { [id]: ++polls >= 7 } }) };
    });
    await open().deliver(deliveryOf([recordOf('a')]), signal);
    const [event, ...asked] = receiver.received;
    const channel = String(event!.headers['x-splunk-request-channel']);
    expect(channel).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(asked).toHaveLength(7);
    for (const { url: path, headers, body } of asked) {
      expect(path).toBe(`/services/collector/ack?channel=${channel}`);
      expect(headers).toMatchObject({ authorization: `Splunk ${TOKEN}`, cookie: 'indexer=one' });
      expect(body).toBe('{"acks":[1]}');
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 6400]);
    // Another process asks in the same one.
    await open().deliver(deliveryOf([recordOf('b')]), signal);
    expect(receiver.received.at(-1)!.headers['x-splunk-request-channel']).toBe(channel);
  });

  it('gives up an acknowledgement that does not come, so that the events are sent again', async () => {
    receiver.answer((one) => (isAck(one) ? { status: 200, body: '{"acks":{"0":false}}' } : hec(200, 0, { ackId: 0 })));
    const error = await thrownBy(open().deliver(deliveryOf([recordOf('a')]), signal));
    expect(error).toMatchObject({ code: 'not-acknowledged', answer: 'wait' });
    expect(String(error)).toContain('see SPLUNK_HEC_ACK');
    const waited = pauses.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThanOrEqual(300_000);
    expect(waited).toBeLessThan(310_000);
    expect(events()).toHaveLength(1);
  });

  it('ends as it is told to while it waits for an acknowledgement', async () => {
    const over = new AbortController();
    const reason = new Error('the worker stops');
    receiver.answer((one) => {
      if (isAck(one)) over.abort(reason);
      return hec(200, 0, { ackId: 1, acks: { 1: false } });
    });
    expect(await thrownBy(open().deliver(deliveryOf([recordOf('a')]), over.signal))).toBe(reason);
    const soon = new AbortController();
    receiver.answer(() => hec(200, 0, { ackId: 1 }));
    const waiting = make(url, {}, (ms, signal) => {
      soon.abort(reason);
      return sleep(ms, undefined, { signal });
    });
    made.push(waiting);
    expect(await thrownBy(waiting.deliver(deliveryOf([recordOf('a')]), soon.signal))).toBe(reason);
  });

  it('asks no more for an acknowledgement when the token is revoked', async () => {
    receiver.answer((one) => (isAck(one) ? hec(403, 4) : hec(200, 0, { ackId: 1 })));
    expect(await thrownBy(open().deliver(deliveryOf([recordOf('a')]), signal))).toMatchObject({ code: 'unauthorized' });
    expect(receiver.received.filter(isAck)).toHaveLength(1);
  });

  it('asks for the acknowledgement again when that fails, and does not send the events again for it', async () => {
    const fails: Reply[] = [hec(503, 9), 'cut', hec(500, 8), { status: 200, body: 'what' }];
    receiver.answer((one) => {
      if (!isAck(one)) return hec(200, 0, { ackId: 5 });
      return fails.shift() ?? { status: 200, body: '{"acks":{"5":true}}' };
    });
    await open().deliver(deliveryOf([recordOf('a')]), signal);
    expect(events()).toHaveLength(1);
    expect(fails).toEqual([]);
  });

  it.each([
    ['no ackId', hec(200, 0)],
    ['code 14', hec(200, 0, { ackId: 1 })],
  ])('goes without acknowledgements where there are none (%s), unless they are asked for', async (_, reply) => {
    receiver.answer((one) => (isAck(one) ? hec(400, 14) : reply));
    await open().deliver(deliveryOf([recordOf('a')]), signal);
    const destination = open({ SPLUNK_HEC_ACK: 'on' });
    expect(await thrownBy(destination.deliver(deliveryOf([recordOf('a')]), signal))).toMatchObject({
      code: 'no-acknowledgements',
      answer: 'wait',
    });
    const asked = receiver.received.filter(isAck).length;
    await open({ SPLUNK_HEC_ACK: 'off' }).deliver(deliveryOf([recordOf('a')]), signal);
    expect(receiver.received.filter(isAck)).toHaveLength(asked);
  });

  it('sends a record as text that is not taken as an object', async () => {
    const line = recordOf('a').replace('}', ',"long":1e400}');
    receiver.answer(({ body }) => (body.includes('"event":{') ? hec(400, 6) : hec(200, 0)));
    await open().deliver(deliveryOf([line]), signal);
    expect(JSON.parse(receiver.taken[0]!.body)).toMatchObject({ fields: { id: 'a' }, event: line });
  });

  it('finds the one record that is refused, and delivers the others', async () => {
    receiver.answer(({ body }) =>
      body.includes('"id":"bad"') ? hec(400, 6, { 'invalid-event-number': 0 }) : hec(200, 0),
    );
    const archive = await makeArchive();
    await archive.window([[...recordsOfChat('one', 100), recordOf('bad'), ...recordsOfChat('two', 100)]]);
    expect(await run(archive, open(), limits)).toMatchObject({ delivered: 200, refused: 1, caughtUp: true });
    await archive.remove();
    const taken = receiver.taken.flatMap(({ body }) => body.split('\n').slice(0, -1));
    const ids = taken.map((line) => (JSON.parse(line) as { fields: { id: string } }).fields.id);
    const expected = [...recordsOfChat('one', 100), ...recordsOfChat('two', 100)];
    expect(ids).toEqual(expected.map(idOf));
  });

  it('reads the token anew from its file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'token-'));
    const file = join(folder, 'token');
    await writeFile(file, 'wrong\n');
    receiver.answer(({ headers }) => (headers.authorization === `Splunk ${TOKEN}` ? hec(200, 0) : hec(403, 4)));
    const destination = open({ SPLUNK_HEC_TOKEN_FILE: file });
    const delivery = deliveryOf([recordOf('a')]);
    expect(await thrownBy(destination.deliver(delivery, signal))).toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('see SPLUNK_HEC_TOKEN'),
    });
    await writeFile(file, `two ${CANARY}\nlines`);
    const error = await thrownBy(destination.deliver(delivery, signal));
    expect(error).toMatchObject({ code: 'no-secret' });
    expect(String(error)).not.toContain(CANARY);
    await writeFile(file, `${TOKEN}\n`);
    await destination.deliver(delivery, signal);
    await rm(folder, { recursive: true });
  });

  it.each([200, 1000, 2200, 20_000])(
    'keeps its batches, with what stands around them, below the megabyte of Splunk Cloud: records of %s bytes',
    async (bytes) => {
      receiver.answer(() => hec(200, 0));
      const archive = await makeArchive();
      const id = 'i'.repeat(60);
      const records = Array.from({ length: Math.ceil(2_500_000 / bytes) }, (_, i) =>
        recordOf(`${id}-${i}`, { more: 'm'.repeat(bytes) }),
      );
      await archive.window([records]);
      await run(archive, open(), limits);
      await archive.remove();
      expect(Math.max(...events().map(({ body }) => Buffer.byteLength(body)))).toBeLessThan(1_000_000);
    },
  );

  it.each([
    [{}, (): Reply => hec(503, 18), 'unavailable'],
    [{}, ({ method }: Received): Reply => (method === 'GET' ? hec(200, 17) : hec(403, 4)), 'unauthorized'],
    [{}, ({ method }: Received): Reply => (method === 'GET' ? hec(200, 17) : hec(400, 5)), undefined],
    [
      { SPLUNK_HEC_ACK: 'on' },
      (one: Received): Reply => (one.method === 'GET' ? hec(200, 17) : isAck(one) ? hec(400, 14) : hec(400, 5)),
      'no-acknowledgements',
    ],
  ])('checks the health, the token, and acknowledgements that are asked for (%#)', async (more, reply, code) => {
    receiver.answer(reply);
    const error = await thrownBy(open(more).check(signal));
    if (code === undefined) expect(error).toBeUndefined();
    else expect(error).toMatchObject({ code });
    expect(receiver.taken).toEqual([]);
  });

  it('needs a token', () => {
    expect(readDestinations({ DESTINATIONS: 'splunk-hec', SPLUNK_HEC_URL: url }).problems).toEqual([
      'SPLUNK_HEC_TOKEN: expected the token of an HTTP Event Collector, or SPLUNK_HEC_TOKEN_FILE',
    ]);
  });
});
