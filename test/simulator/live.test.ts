import { createTenant, startSimulator, truth, type Tenant } from '../../simulator';
import { ask } from './ask';

// For machines that are busy with other things.
jest.setTimeout(30_000);

const NOW = Date.parse('2026-11-01T00:00:00Z');

/** Asks so often and tells what the tenant has become. */
async function live(requests: number, seed: number, every = 3): Promise<{ tenant: Tenant; changes: number }> {
  const tenant = createTenant({ chats: 30, organizations: 2 });
  const simulator = await startSimulator({
    tenant,
    live: { every, seed },
    rateLimitPerMinute: Infinity,
    clock: () => NOW,
  });
  let changes = 0;
  let before = JSON.stringify([...tenant.chats]);
  for (let i = 0; i < requests; i++) {
    await ask(simulator, '/apps/chats?limit=1');
    const after = JSON.stringify([...tenant.chats]);
    if (after !== before) changes += 1;
    before = after;
  }
  await simulator.close();
  return { tenant, changes };
}

it('changes the tenant at every third request', async () => {
  expect((await live(30, 1)).changes).toBe(10);
});

it('does the same for the same seed, something else for another', async () => {
  const [a, b, c] = await Promise.all([live(60, 5), live(60, 5), live(60, 6)]);
  expect([...a.tenant.chats]).toEqual([...b.tenant.chats]);
  expect([...a.tenant.chats]).not.toEqual([...c.tenant.chats]);
});

it('adds messages to old and new chats, renames, moves and deletes, all at the clock’s now', async () => {
  const original = createTenant({ chats: 30, organizations: 2 });
  const { tenant } = await live(300, 1, 1);
  const chats = [...tenant.chats.values()];
  const pairs = chats.flatMap((chat) => {
    const before = original.chats.get(chat.id);
    return before ? [{ before, chat }] : [];
  });
  const fresh = truth(tenant, { from: NOW });
  expect(new Set(fresh.map(({ createdAt }) => createdAt))).toEqual(new Set(['2026-11-01T00:00:00.000Z']));
  expect(pairs.some(({ before, chat }) => chat.messages.length > before.messages.length)).toBe(true);
  expect(pairs.some(({ before, chat }) => chat.name !== before.name)).toBe(true);
  expect(pairs.some(({ before, chat }) => chat.projectId !== before.projectId)).toBe(true);
  expect(chats.some(({ id }) => !original.chats.has(id))).toBe(true);
  expect(chats.some(({ deletedAt }) => deletedAt !== null)).toBe(true);
  expect(tenant.hardDeletedChats.size).toBeGreaterThan(0);
});
