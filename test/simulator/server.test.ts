import { createTenant, DEMO_KEY, startSimulator, type Simulator, type SimulatorOptions } from '../../simulator';
import { ANY_STRING, ask } from './ask';

let simulator: Simulator;

async function start(options: SimulatorOptions = {}): Promise<void> {
  simulator = await startSimulator({ tenant: createTenant(), ...options });
}

afterEach(() => simulator.close());

it('gives every answer its own request id', async () => {
  await start();
  const answers = await Promise.all(['/apps/chats', '/apps/chats?limit=0', '/nowhere'].map((p) => ask(simulator, p)));
  expect(new Set(answers.map(({ headers }) => headers.get('request-id'))).size).toBe(3);
});

it.each(['/nowhere', '/apps/chats/', '/apps/chats/x', '/organizations/x/y', '/apps/chats/x/messages/y'])(
  'does not know %s',
  async (path) => {
    await start();
    const { status, body } = await ask(simulator, path);
    expect(status).toBe(404);
    expect(body.error.type).toBe('not_found_error');
  },
);

it('reads only', async () => {
  await start();
  const response = await fetch(`${simulator.url}/v1/compliance/apps/chats`, {
    method: 'DELETE',
    headers: { 'x-api-key': DEMO_KEY },
  });
  expect(response.status).toBe(405);
  const error = { type: 'invalid_request_error', message: ANY_STRING };
  expect(await response.json()).toEqual({ type: 'error', error, request_id: ANY_STRING });
});

it('takes the documented API version and no other', async () => {
  await start();
  const statuses = ['2023-06-01', '2099-01-01'].map(async (version) => {
    const headers = { 'x-api-key': DEMO_KEY, 'anthropic-version': version };
    return (await fetch(`${simulator.url}/v1/compliance/apps/chats`, { headers })).status;
  });
  expect(await Promise.all(statuses)).toEqual([200, 400]);
});

it('dates its answers by its own clock', async () => {
  await start({ clock: () => Date.parse('2031-02-03T04:05:06Z') });
  expect((await ask(simulator, '/apps/chats')).headers.get('date')).toBe('Mon, 03 Feb 2031 04:05:06 GMT');
});

it('leaves the date out when told to', async () => {
  await start({ sendDate: false });
  expect((await ask(simulator, '/apps/chats')).headers.get('date')).toBeNull();
});

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
  await ask(simulator, '/organizations', 'sk-ant-api01-test-nobody');
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

it('lets scheduled events happen once its clock has come to them', async () => {
  let now = Date.parse('2026-10-02T00:00:00Z');
  const tenant = createTenant({ chats: 0 });
  tenant.schedule([{ at: now + 1_000, apply: (t) => void t.addChat({ id: 'claude_chat_later', at: now }) }]);
  await start({ tenant, clock: () => now });
  expect((await ask(simulator, '/apps/chats')).body.data).toEqual([]);
  now += 1_000;
  expect((await ask(simulator, '/apps/chats')).body.data).toEqual([
    expect.objectContaining({ id: 'claude_chat_later' }),
  ]);
});
