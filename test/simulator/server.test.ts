import { DEMO_KEY, startSimulator, type Simulator, type SimulatorOptions } from '../../simulator';
import { ANY_STRING, ask } from './ask';
import { BAD, NOT_FOUND, testRules, that, type Rule } from './rules';

const LIST = '/apps/chats';
let now = Date.parse('2031-02-03T04:05:06Z');
const ids = new Set<string | null>();
const idIsNew = that(({ headers }) => {
  expect(ids).not.toContain(headers.get('request-id'));
  ids.add(headers.get('request-id'));
});
const METHOD = { type: 'error', error: { type: 'invalid_request_error', message: ANY_STRING }, request_id: ANY_STRING };

testRules('the server', LIST, [
  ['gives every answer its own request id', '', idIsNew, 'limit=0', idIsNew, '/nowhere', idIsNew],
  ...['/nowhere', '/apps/chats/', '/apps/chats/x', '/organizations/x/y', '/apps/chats/x/messages/y'].map(
    (path): Rule => [`does not know ${path}`, path, NOT_FOUND],
  ),
  [
    'reads only',
    { path: LIST, method: 'DELETE' },
    that(({ status, body }) => expect([status, body]).toEqual([405, METHOD])),
  ],
  ['takes the documented API version', { path: LIST, version: '2023-06-01' }, 'abcdefgh'],
  ['takes no other', { path: LIST, version: '2099-01-01' }, BAD],
]);

testRules(
  'the server’s clock',
  LIST,
  [
    [
      'dates its answers, and lets scheduled events happen',
      ({ tenant }) => tenant.schedule([{ at: now + 1_000, apply: (t) => t.hardDeleteChat('a') }]),
      ...['', { headers: { date: 'Mon, 03 Feb 2031 04:05:06 GMT' } }, '', 'abcdefgh'],
      () => (now += 1_000),
      ...['', 'bcdefgh'],
    ],
  ],
  () => ({ clock: () => now }),
);

testRules(
  'the server',
  LIST,
  [['leaves the date out when told to', '', that(({ headers }) => expect(headers.get('date')).toBeNull())]],
  () => ({ sendDate: false }),
);

describe('a server', () => {
  let simulator: Simulator;
  afterEach(() => simulator.close());

  async function start(options: SimulatorOptions = {}): Promise<void> {
    simulator = await startSimulator(options);
  }

  it('serves below its path prefix and nowhere else', async () => {
    await start({ pathPrefix: '/gateway/anthropic' });
    expect(simulator.url).toBe(`http://127.0.0.1:${simulator.port}/gateway/anthropic`);
    expect((await ask(simulator, '/apps/chats')).status).toBe(200);
    const outside = await fetch(`http://127.0.0.1:${simulator.port}/v1/compliance/apps/chats`, {
      headers: { 'x-api-key': DEMO_KEY },
    });
    expect(outside.status).toBe(404);
  });

  it('logs what was asked, in order of arrival, without the key', async () => {
    await start();
    await ask(simulator, '/apps/chats?limit=7');
    await ask(simulator, { path: '/organizations', key: 'sk-ant-api01-test-nobody' });
    expect(simulator.requests).toEqual([
      expect.objectContaining({
        method: 'GET',
        path: '/v1/compliance/apps/chats',
        query: 'limit=7',
        status: 200,
        keyId: 'key-1',
      }),
      expect.objectContaining({ path: '/v1/compliance/organizations', query: '', status: 401, keyId: null }),
    ]);
    const [first, second] = simulator.requests;
    expect(second?.at).toBeGreaterThan(first?.at ?? Infinity);
    expect(JSON.stringify(simulator.requests)).not.toContain('sk-ant');
  });

  it('answers only after its latency, and ends what still waits when it closes', async () => {
    await start({ latencyMs: 600_000 });
    const pending = expect(ask(simulator, '/apps/chats')).rejects.toThrow();
    while (simulator.requests.length === 0) await new Promise(setImmediate);
    await simulator.close();
    await pending;
    expect(simulator.requests).toEqual([expect.objectContaining({ status: null })]);
  });
});
