import { get, type IncomingHttpHeaders } from 'node:http';
import {
  createTenant,
  DEMO_KEY,
  FAULT_KINDS,
  PASSING_FAULT_KINDS,
  startSimulator,
  type FaultKind,
  type FaultOptions,
  type Simulator,
} from '../../simulator';
import { FaultSwitch } from '../../simulator/faults';
import { ANY_STRING, ask } from './ask';

// For machines that are busy with other things.
jest.setTimeout(30_000);

let simulator: Simulator;

beforeEach(async () => {
  simulator = await startSimulator({ tenant: createTenant(), rateLimitPerMinute: Infinity });
});

afterEach(() => simulator.close());

interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly complete: boolean;
}

/** One request without fetch's help: no decompression, no redirects, and what came before a failure. */
function raw(): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const request = get(`${simulator.url}/v1/compliance/apps/chats`, {
      headers: { 'x-api-key': DEMO_KEY },
      agent: false,
    });
    request.once('error', reject);
    request.once('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => (body += text));
      response.once('error', () => {});
      response.once('close', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body, complete: response.complete });
      });
    });
  });
}

function rawWith(kind: FaultKind, options: FaultOptions = {}): Promise<RawAnswer> {
  simulator.setFaults({ ...options, rate: 1, kinds: [kind] });
  return raw();
}

describe('a fault', () => {
  it.each([
    ['500', 500, 'api_error'],
    ['500-no-retry', 500, 'api_error'],
    ['503', 503, 'overloaded_error'],
    ['503-no-retry', 503, 'overloaded_error'],
    ['504', 504, 'timeout_error'],
    ['529', 529, 'overloaded_error'],
    ['400', 400, 'invalid_request_error'],
    ['403', 403, 'permission_error'],
    ['404', 404, 'not_found_error'],
    ['429', 429, 'rate_limit_error'],
    ['429-bare', 429, 'rate_limit_error'],
  ] as const)('of kind %s is an error in the documented shape', async (kind, status, type) => {
    const answer = await rawWith(kind);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toEqual({
      type: 'error',
      error: { type, message: ANY_STRING },
      request_id: ANY_STRING,
    });
    expect(answer.headers['request-id']).toBeDefined();
    expect(answer.headers['x-should-retry']).toBe(/no-retry|^40/.test(kind) ? 'false' : undefined);
    expect(answer.headers['retry-after']).toBe(kind === '429' ? '1' : undefined);
  });

  it.each([
    ['502-html', 502],
    ['200-html', 200],
  ] as const)('of kind %s has no JSON', async (kind, status) => {
    const answer = await rawWith(kind);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^text\/html/);
    expect(answer.body).toMatch(/^<html>/);
  });

  it('of kind reset closes before the answer', async () => {
    await expect(rawWith('reset')).rejects.toThrow(/ECONNRESET|hang up/);
    expect(simulator.requests.at(-1)).toMatchObject({ status: null, fault: 'reset' });
  });

  it('of kind cut-body or wrong-length closes before all that was announced has come', async () => {
    const right = (await raw()).body;
    const cut = await rawWith('cut-body');
    expect([cut.complete, right.startsWith(cut.body), cut.body.length < right.length]).toEqual([false, true, true]);
    const long = await rawWith('wrong-length');
    expect([long.complete, long.body]).toEqual([false, right]);
    expect(Number(long.headers['content-length'])).toBe(Buffer.byteLength(right) + 10);
  });

  it('of kind cut-json is complete but no JSON, of kind other-shape JSON but no list', async () => {
    const cut = await rawWith('cut-json');
    expect([cut.status, cut.complete]).toEqual([200, true]);
    expect((): unknown => JSON.parse(cut.body)).toThrow(SyntaxError);
    const other = await rawWith('other-shape');
    expect(other.status).toBe(200);
    expect(JSON.parse(other.body)).not.toHaveProperty('data');
  });

  it('of kind redirect points to another host', async () => {
    const answer = await rawWith('redirect');
    expect(answer.status).toBe(302);
    expect(new URL(answer.headers.location ?? '').host).toBe('elsewhere.example.com');
    const { headers } = await rawWith('redirect', { redirectTo: 'http://127.0.0.2:1/x' });
    expect(headers.location).toBe('http://127.0.0.2:1/x');
  });

  it('of kind gzip is the right answer, compressed', async () => {
    const right = (await ask(simulator, '/apps/chats')).body;
    expect((await rawWith('gzip')).headers['content-encoding']).toBe('gzip');
    expect((await ask(simulator, '/apps/chats')).body).toEqual(right);
  });

  it('of kind huge is a hundred megabytes of JSON', async () => {
    simulator.setFaults({ rate: 1, kinds: ['huge'] });
    const response = await fetch(`${simulator.url}/v1/compliance/apps/chats`, { headers: { 'x-api-key': DEMO_KEY } });
    let bytes = 0;
    for await (const piece of response.body ?? []) bytes += (piece as Uint8Array).length;
    expect(bytes).toBeGreaterThanOrEqual(100 * 1024 * 1024);
  });

  it('of a hanging kind ends when the simulator closes', async () => {
    simulator.setFaults({
      targets: [
        { path: /chats$/, kind: 'drip' },
        { path: /chats$/, kind: 'no-headers' },
      ],
    });
    const drip = await fetch(`${simulator.url}/v1/compliance/apps/chats`, { headers: { 'x-api-key': DEMO_KEY } });
    const reader = drip.body?.getReader();
    for (let i = 0; i < 2; i++) expect((await reader?.read())?.done).toBe(false);
    const silent = expect(ask(simulator, '/apps/chats')).rejects.toThrow();
    while (simulator.requests.at(-1)?.fault !== 'no-headers') await new Promise(setImmediate);
    await simulator.close();
    await silent;
    await expect(reader?.read()).rejects.toThrow();
  });
});

describe('targeted faults', () => {
  it('hit a chat so many times and no other', async () => {
    const [first = '', second = ''] = simulator.tenant.chats.keys();
    simulator.setFaults({ targets: [{ chatId: first, kind: '503', times: 2 }] });
    const statuses: number[] = [];
    for (const id of [first, second, first, first]) {
      statuses.push((await ask(simulator, `/apps/chats/${id}/messages`)).status);
    }
    expect(statuses).toEqual([503, 200, 503, 200]);
    simulator.setFaults({ targets: [{ chatId: first, kind: '500', times: Infinity }] });
    expect((await ask(simulator, `/apps/chats/${first}/messages`)).status).toBe(500);
    simulator.setFaults();
    expect((await ask(simulator, `/apps/chats/${first}/messages`)).status).toBe(200);
  });
});

describe('random faults', () => {
  function draw(options: FaultOptions, count = 5_000): (FaultKind | undefined)[] {
    const faults = new FaultSwitch(options);
    return Array.from({ length: count }, () => faults.next('/v1/compliance/apps/chats'));
  }

  it('come at their rate, of all kinds that pass', () => {
    const kinds = draw({ rate: 0.1 }).filter((kind) => kind !== undefined);
    expect(kinds.length).toBeGreaterThan(400);
    expect(kinds.length).toBeLessThan(600);
    expect(new Set(kinds)).toEqual(new Set(PASSING_FAULT_KINDS));
    const lasting = ['500-no-retry', '503-no-retry', '400', '403', '404'];
    expect(FAULT_KINDS.filter((kind) => !PASSING_FAULT_KINDS.includes(kind))).toEqual(lasting);
  });

  it('follow from the seed', () => {
    expect(draw({ rate: 0.1, seed: 1 })).toEqual(draw({ rate: 0.1, seed: 1 }));
    expect(draw({ rate: 0.1, seed: 1 })).not.toEqual(draw({ rate: 0.1, seed: 2 }));
  });

  it('spare the paths that they are told to', () => {
    const faults = new FaultSwitch({ rate: 1, only: (path) => path.endsWith('/messages') });
    expect(faults.next('/v1/compliance/apps/chats')).toBeUndefined();
    expect(faults.next('/v1/compliance/apps/chats/x/messages')).toBeDefined();
  });
});
