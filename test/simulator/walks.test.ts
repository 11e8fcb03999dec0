import { createTenant, startSimulator, type Chat, type Simulator, type Tenant } from '../../simulator';
import { ask, idsOf, walkChats } from './ask';

let simulator: Simulator;

async function start(tenant: Tenant): Promise<Tenant> {
  simulator = await startSimulator({ tenant, rateLimitPerMinute: Infinity });
  return tenant;
}

afterEach(() => simulator.close());

/** The slow way to the same list: all chats, sorted. */
function sorted(tenant: Tenant, key: 'createdAt' | 'updatedAt'): string[] {
  const chats: Chat[] = [...tenant.chats.values()];
  return idsOf(chats.sort((a, b) => a[key] - b[key] || (a.id < b.id ? -1 : 1)));
}

it.each([1, 7, 50, 1000])('shows every chat once, in order, in pages of %i', async (limit) => {
  const tenant = await start(createTenant({ chats: 50, timestamps: 'seconds', to: '2026-09-01T00:00:20Z' }));
  expect(idsOf(await walkChats(simulator, `limit=${limit}`))).toEqual(sorted(tenant, 'createdAt'));
  expect(idsOf(await walkChats(simulator, `limit=${limit}&order_by=updated_at`))).toEqual(sorted(tenant, 'updatedAt'));
});

it('stays in order while very many chats change at once', async () => {
  const tenant = await start(createTenant({ chats: 600 }));
  tenant.hardDeleteChat(idsOf(await walkChats(simulator, 'limit=1000&order_by=updated_at'))[5] ?? '');
  expect(await walkChats(simulator, 'limit=1000&order_by=updated_at')).toHaveLength(599);
  [...tenant.chats.keys()].forEach((id, i) => {
    if (i % 2 === 0) tenant.addMessage(id, { at: Date.parse('2026-10-05T00:00:00Z') - i * 1_000 });
    else if (i % 7 === 0) tenant.hardDeleteChat(id);
  });
  expect(idsOf(await walkChats(simulator, 'limit=100&order_by=updated_at'))).toEqual(sorted(tenant, 'updatedAt'));
});

it('reads cursors that another server made for the same tenant', async () => {
  await start(createTenant());
  const { body } = await ask(simulator, '/apps/chats?limit=3');
  await simulator.close();
  await start(createTenant());
  expect((await ask(simulator, `/apps/chats?after_id=${body.last_id}`)).body.data).toHaveLength(17);
});
