import { createTenant, GENERATIONS, startSimulator, type Generation, type Simulator } from '../../simulator';
import { ask } from './ask';

let simulator: Simulator;

async function start(generation: Generation): Promise<void> {
  const tenant = createTenant({ organizations: 5, usersPerOrganization: 7 });
  simulator = await startSimulator({ tenant, generation });
}

afterEach(() => simulator.close());

async function walk(path: string, limit: number): Promise<{ ids: string[]; pages: number }> {
  const ids: string[] = [];
  let page = '';
  for (let pages = 1; ; pages++) {
    const { body } = await ask(simulator, `${path}?limit=${limit}${page}`);
    ids.push(...body.data.map(({ id, uuid }) => (path === '/organizations' ? uuid : id)));
    if (!body.has_more) {
      expect(body.next_page).toBeNull();
      return { ids, pages };
    }
    page = `&page=${body.next_page}`;
  }
}

describe('the list of organizations', () => {
  it.each(['now', 'mid'] as const)('comes page by page, oldest first, under the rules of %s', async (generation) => {
    await start(generation);
    const late = simulator.tenant.addOrganization({ name: 'Latest', at: '2026-12-01T00:00:00Z' });
    const early = simulator.tenant.addOrganization({ name: 'Earliest', at: '2020-12-01T00:00:00Z' });
    const { ids, pages } = await walk('/organizations', 2);
    expect(pages).toBe(4);
    expect([...ids].sort()).toEqual([...simulator.tenant.organizations.keys()].sort());
    expect([ids[0], ids.at(-1)]).toEqual([early.uuid, late.uuid]);
  });

  it('comes all at once, without paging fields, under the rules of legacy', async () => {
    await start('legacy');
    const { body } = await ask(simulator, '/organizations?limit=2');
    expect(Object.keys(body)).toEqual(['data']);
    expect(body.data).toHaveLength(5);
    expect(Object.keys(body.data[0] ?? {})).toEqual(['uuid', 'name', 'created_at']);
  });
});

describe('the list of users', () => {
  it.each(GENERATIONS)('comes page by page under the rules of %s', async (generation) => {
    await start(generation);
    const [uuid = ''] = simulator.tenant.organizations.keys();
    const { ids, pages } = await walk(`/organizations/${uuid}/users`, 3);
    expect(pages).toBe(3);
    expect(new Set(ids).size).toBe(7);
    const { body } = await ask(simulator, `/organizations/${uuid}/users?limit=1`);
    const user = simulator.tenant.users.get(ids[0] ?? '');
    expect(body.data[0]).toEqual({
      id: user?.id,
      email: user?.email,
      full_name: user?.fullName,
      organization_role: 'user',
      created_at: '2026-09-01T00:00:00.000Z',
    });
  });

  it('no longer holds a removed user, whose chats stay', async () => {
    await start('now');
    const { tenant } = simulator;
    const [uuid = ''] = tenant.organizations.keys();
    const user = tenant.addUser(uuid);
    const chat = tenant.addChat({ organizationUuid: uuid, userId: user.id });
    tenant.removeUser(user.id, uuid);
    expect((await walk(`/organizations/${uuid}/users`, 1000)).ids).not.toContain(user.id);
    const { body } = await ask(simulator, `/apps/chats?user_ids[]=${user.id}`);
    expect(body.data).toEqual([
      expect.objectContaining({ id: chat.id, user: { id: user.id, email_address: user.email } }),
    ]);
  });

  it('holds a user in each of their organizations', async () => {
    await start('now');
    const [first = '', second = ''] = simulator.tenant.organizations.keys();
    const user = simulator.tenant.addUser(first);
    simulator.tenant.addMember(second, user.id);
    for (const uuid of [first, second]) expect((await walk(`/organizations/${uuid}/users`, 9)).ids).toContain(user.id);
  });

  it('is not found for an unknown organization or for its tagged id', async () => {
    await start('now');
    const [organization] = simulator.tenant.organizations.values();
    for (const id of ['00000000-0000-4000-a000-000000000000', organization?.id]) {
      const { status, body } = await ask(simulator, `/organizations/${id}/users`);
      expect([status, body.error.type]).toEqual([404, 'not_found_error']);
    }
  });

  it('refuses a page token of another organization', async () => {
    await start('now');
    const [first = '', second = ''] = simulator.tenant.organizations.keys();
    const { body } = await ask(simulator, `/organizations/${first}/users?limit=1`);
    expect((await ask(simulator, `/organizations/${first}/users?page=${body.next_page}`)).status).toBe(200);
    expect((await ask(simulator, `/organizations/${second}/users?page=${body.next_page}`)).status).toBe(400);
  });
});
