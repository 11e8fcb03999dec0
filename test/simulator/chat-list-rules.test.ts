import { createTenant, GENERATIONS, startSimulator, type Generation, type Simulator } from '../../simulator';
import { ANY_STRING, ask } from './ask';

const USER = 'user_ids[]=user_01a';
const CREATED = 'created_at.gte=2026-09-01T00:00:00Z';
const UPDATED = 'updated_at.gt=2026-09-01T00:00:00Z';

const simulators = new Map<Generation, Simulator>();

beforeAll(async () => {
  for (const generation of GENERATIONS) {
    const tenant = createTenant({ chats: 3 });
    simulators.set(generation, await startSimulator({ tenant, generation, rateLimitPerMinute: Infinity }));
  }
});

afterAll(() => Promise.all([...simulators.values()].map((simulator) => simulator.close())));

function under(generation: Generation): Simulator {
  const simulator = simulators.get(generation);
  if (!simulator) throw new Error(`no simulator for ${generation}`);
  return simulator;
}

async function statuses(query: string): Promise<number[]> {
  return Promise.all(GENERATIONS.map(async (g) => (await ask(under(g), `/apps/chats?${query}`)).status));
}

it.each([
  // query, now, mid, legacy
  ['', 200, 200, 400],
  [CREATED, 200, 200, 400],
  [`order_by=created_at&${CREATED}`, 200, 200, 400],
  [`order_by=updated_at`, 200, 200, 400],
  [`order_by=updated_at&${UPDATED}`, 200, 200, 400],
  ['organization_ids[]=org_01a', 200, 200, 400],
  [UPDATED, 400, 400, 400],
  [`order_by=created_at&${UPDATED}`, 400, 400, 400],
  [`order_by=updated_at&${CREATED}`, 400, 400, 400],
  [`order_by=updated_at&${CREATED}&${UPDATED}`, 400, 400, 400],
  ['project_ids[]=claude_proj_01a', 400, 400, 400],
  [USER, 200, 200, 200],
  [`${USER}&${CREATED}`, 200, 200, 200],
  [`${USER}&${UPDATED}`, 400, 200, 200],
  [`${USER}&${CREATED}&${UPDATED}`, 400, 200, 200],
  [`${USER}&order_by=created_at`, 200, 200, 400],
  [`${USER}&order_by=updated_at`, 400, 400, 400],
  [`${USER}&project_ids[]=claude_proj_01a`, 200, 200, 200],
  [`${USER}&organization_ids[]=org_01a`, 200, 200, 200],
])('decides on "%s": now %i, mid %i, legacy %i', async (query, ...expected) => {
  expect(await statuses(query)).toEqual(expected);
});

it('takes before_id together with users only', async () => {
  for (const generation of GENERATIONS) {
    const simulator = under(generation);
    const user = `user_ids[]=${[...simulator.tenant.chats.values()][0]?.userId}`;
    const { body } = await ask(simulator, `/apps/chats?${user}`);
    const before = `before_id=${body.first_id}`;
    expect((await ask(simulator, `/apps/chats?${user}&${before}`)).status).toBe(200);
    expect((await ask(simulator, `/apps/chats?${before}`)).status).toBe(400);
  }
});

it.each(['now', 'mid'] as const)('refuses a cursor made under another order (%s)', async (generation) => {
  const simulator = under(generation);
  for (const [made, used] of [
    ['created_at', 'updated_at'],
    ['updated_at', 'created_at'],
  ]) {
    const { body } = await ask(simulator, `/apps/chats?limit=1&order_by=${made}`);
    expect((await ask(simulator, `/apps/chats?after_id=${body.last_id}&order_by=${made}`)).status).toBe(200);
    const refused = await ask(simulator, `/apps/chats?after_id=${body.last_id}&order_by=${used}`);
    expect([refused.status, refused.body.error.type]).toEqual([400, 'invalid_request_error']);
  }
});

it.each([
  'limit=0',
  'limit=1001',
  'limit=-1',
  'limit=1.5',
  'limit=1e2',
  'limit=ten',
  'limit=',
  'limit=1&limit=2',
  'after_id=',
  'after_id=nonsense',
  'after_id=claude_chat_01a',
  'order_by=name',
  'order_by=created_at&order_by=created_at',
  'page=1',
  'user_ids=user_01a',
  'user_ids[0]=user_01a',
  'user_ids[]=',
  'user_ids[]=someone',
  Array.from({ length: 11 }, (_, i) => `user_ids[]=user_${i}`).join('&'),
  `${USER}&project_ids[]=proj_01a`,
  'organization_ids[]=12345',
  'created_at.gte=yesterday',
  'created_at.gte=2026-09-01',
  'created_at.gte=2026-09-01T00:00:00',
  'created_at.gte=2026-09-01 00:00:00Z',
  'created_at.gte=2026-09-01T00:00:00+02:00',
  'created_at.gte=2026-02-30T00:00:00Z',
  'created_at.gte=2026-09-01T24:00:00Z',
  'created_at.gte=1788220800',
  'created_at=2026-09-01T00:00:00Z',
  'created_at.eq=2026-09-01T00:00:00Z',
])('refuses %s', async (query) => {
  const { status, body } = await ask(under('now'), `/apps/chats?${query}`);
  expect(status).toBe(400);
  expect(body).toMatchObject({ type: 'error', error: { type: 'invalid_request_error', message: ANY_STRING } });
});

it.each([
  'limit=1000',
  'limit=1',
  Array.from({ length: 10 }, (_, i) => `user_ids%5B%5D=user_${i}`).join('&'),
  'organization_ids[]=org_01a&organization_ids[]=550e8400-e29b-41d4-a716-446655440000',
  'created_at.gte=2026-09-01T00:00:00%2B02:00',
  'created_at.gt=2026-09-01T00:00:00.123456Z&created_at.lte=2026-09-02t00:00:00-11:30',
])('takes %s', async (query) => {
  expect((await ask(under('now'), `/apps/chats?${query}`)).status).toBe(200);
});
