import { createTenant, startSimulator, type Chat, type Simulator, type Tenant } from '../../simulator';
import { ANY_STRING, ask, idsOf, walkChats } from './ask';

let simulator: Simulator;

async function start(tenant: Tenant): Promise<Tenant> {
  simulator = await startSimulator({ tenant, rateLimitPerMinute: Infinity });
  return tenant;
}

afterEach(() => simulator.close());

/** The slow way to the same list: all chats, filtered and sorted. */
function sorted(
  tenant: Tenant,
  key: 'createdAt' | 'updatedAt',
  matches: (chat: Chat) => boolean = () => true,
): string[] {
  const chats = [...tenant.chats.values()].filter(matches);
  return idsOf(chats.sort((a, b) => a[key] - b[key] || (a.id < b.id ? -1 : 1)));
}

it('shows a chat as documented', async () => {
  const tenant = await start(createTenant({ chats: 0 }));
  const [organization] = tenant.organizations.values();
  const [user] = tenant.users.values();
  const [project] = tenant.projects.values();
  const chat = tenant.addChat({ projectId: project?.id, name: 'Plans', at: '2026-09-02T10:00:00.5Z' });
  tenant.addMessage(chat.id, { at: '2026-09-02T10:00:01.25Z' });
  const { body } = await ask(simulator, '/apps/chats');
  expect(body).toEqual({
    data: [
      {
        id: chat.id,
        name: 'Plans',
        created_at: '2026-09-02T10:00:00.500Z',
        updated_at: '2026-09-02T10:00:01.250Z',
        deleted_at: null,
        href: `https://claude.ai/chat/${chat.id}`,
        model: ANY_STRING,
        organization_id: organization?.id,
        organization_uuid: organization?.uuid,
        project_id: project?.id,
        user: { id: user?.id, email_address: user?.email },
      },
    ],
    has_more: false,
    first_id: ANY_STRING,
    last_id: ANY_STRING,
  });
  expect([body.first_id, body.last_id]).not.toContain(chat.id);
});

it('has null cursors on an empty page', async () => {
  await start(createTenant({ chats: 0 }));
  const { body } = await ask(simulator, '/apps/chats');
  expect(body).toEqual({ data: [], has_more: false, first_id: null, last_id: null });
});

it('has a hundred chats on a page unless told otherwise', async () => {
  await start(createTenant({ chats: 101 }));
  const { body } = await ask(simulator, '/apps/chats');
  expect([body.data.length, body.has_more]).toEqual([100, true]);
});

it.each([1, 7, 50, 1000])('shows every chat once, in order, in pages of %i', async (limit) => {
  const tenant = await start(createTenant({ chats: 50, timestamps: 'seconds', to: '2026-09-01T00:00:20Z' }));
  expect(idsOf(await walkChats(simulator, `limit=${limit}`))).toEqual(sorted(tenant, 'createdAt'));
  expect(idsOf(await walkChats(simulator, `limit=${limit}&order_by=updated_at`))).toEqual(sorted(tenant, 'updatedAt'));
});

it('breaks ties by id, also where a page ends within them', async () => {
  const tenant = await start(createTenant({ chats: 0 }));
  const at = '2026-09-02T00:00:00Z';
  for (const letter of 'hbdfaceg') tenant.addChat({ id: `claude_chat_${letter}`, at });
  const ids = idsOf(await walkChats(simulator, 'limit=3&order_by=updated_at'));
  expect(ids.map((id) => id.at(-1)).join('')).toBe('abcdefgh');
});

it('goes back with before_id, still showing ascending pages', async () => {
  const tenant = await start(createTenant({ chats: 9, usersPerOrganization: 1 }));
  const user = `user_ids[]=${[...tenant.users.keys()][0]}`;
  const all = await ask(simulator, `/apps/chats?${user}`);
  const ids = idsOf(all.body.data);
  const last = await ask(simulator, `/apps/chats?${user}&limit=4&before_id=${all.body.last_id}`);
  expect([idsOf(last.body.data), last.body.has_more]).toEqual([ids.slice(4, 8), true]);
  const first = await ask(simulator, `/apps/chats?${user}&limit=4&before_id=${last.body.first_id}`);
  expect([idsOf(first.body.data), first.body.has_more]).toEqual([ids.slice(0, 4), false]);
});

it('filters by users, organizations and projects, all of them together', async () => {
  const tenant = await start(createTenant({ organizations: 3, chats: 200 }));
  const [first, second] = [...tenant.organizations.values()];
  const users = [...tenant.users.keys()].slice(2, 9);
  const projects = [...tenant.projects.keys()].slice(0, 3);
  if (!first || !second) throw new Error('too few organizations');
  const byUsers = users.map((id) => `user_ids[]=${id}`).join('&');
  const byProjects = projects.map((id) => `project_ids[]=${id}`).join('&');
  const byOrganizations = `organization_ids[]=${first.id}&organization_ids[]=${second.uuid.toUpperCase()}`;
  const isOfUsers = (chat: Chat): boolean => users.includes(chat.userId ?? '');
  const isIn = (chat: Chat): boolean => [first.uuid, second.uuid].includes(chat.organizationUuid);
  const isOfProjects = (chat: Chat): boolean => projects.includes(chat.projectId ?? '');

  for (const [query, matches] of [
    [byUsers, isOfUsers],
    [byOrganizations, isIn],
    [`${byOrganizations}&order_by=updated_at`, isIn],
    [`${byUsers}&${byProjects}`, (chat: Chat) => isOfUsers(chat) && isOfProjects(chat)],
    [`${byUsers}&${byOrganizations}`, (chat: Chat) => isOfUsers(chat) && isIn(chat)],
  ] as const) {
    const expected = sorted(tenant, query.includes('updated_at') ? 'updatedAt' : 'createdAt', matches);
    expect(expected.length).toBeGreaterThan(5);
    expect(idsOf(await walkChats(simulator, `limit=5&${query}`))).toEqual(expected);
  }
  expect(await walkChats(simulator, 'user_ids[]=user_nobody')).toEqual([]);
});

it('keeps to the time bounds, whatever their offset and precision', async () => {
  const tenant = await start(createTenant({ chats: 0, timestamps: 'micros' }));
  for (const [letter, at] of Object.entries({
    a: '2026-09-02T00:00:00.000000Z',
    b: '2026-09-02T00:00:00.000001Z',
    c: '2026-09-02T00:00:00.000002Z',
  })) {
    tenant.addChat({ id: `claude_chat_${letter}`, at });
  }
  const letters = async (bound: string): Promise<string> => {
    const chats = await walkChats(simulator, `order_by=updated_at&updated_at.${bound}`);
    return chats.map(({ id }) => id.at(-1)).join('');
  };
  expect(await letters('gt=2026-09-02T00:00:00.000001Z')).toBe('c');
  expect(await letters('gte=2026-09-02T00:00:00.000001Z')).toBe('bc');
  expect(await letters('lt=2026-09-02T00:00:00.000001Z')).toBe('a');
  expect(await letters('lte=2026-09-02T00:00:00.000001Z')).toBe('ab');
  expect(await letters('gt=2026-09-02T02:00:00.0000015%2B02:00')).toBe('c');
  expect(await letters('gte=2026-09-02T02:00:00.0000011%2B02:00')).toBe('c');
  expect(await letters('gt=2026-09-01T23:00:00-01:00')).toBe('bc');
  expect(await letters('gte=2026-09-01T23:00:00-01:00&updated_at.lt=2026-09-02T00:00:00.000002Z')).toBe('ab');
});

describe('a walk by updated_at', () => {
  it('meets a chat again that changes behind it, and misses none that is hard-deleted at the cursor', async () => {
    const tenant = await start(createTenant({ chats: 10 }));
    const ids = sorted(tenant, 'updatedAt');
    const { body } = await ask(simulator, '/apps/chats?limit=4&order_by=updated_at');
    tenant.addMessage(ids[1] ?? '', { at: '2026-10-05T00:00:00Z' });
    tenant.hardDeleteChat(ids[3] ?? '');
    tenant.hardDeleteChat(ids[6] ?? '');
    const rest = (await ask(simulator, `/apps/chats?order_by=updated_at&after_id=${body.last_id}`)).body.data;
    expect(idsOf(rest)).toEqual([ids[4], ids[5], ids[7], ids[8], ids[9], ids[1]]);
    expect(rest.at(-1)?.updated_at).toBe('2026-10-05T00:00:00.000Z');
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
});

it('reads cursors that another server made for the same tenant', async () => {
  await start(createTenant());
  const { body } = await ask(simulator, '/apps/chats?limit=3');
  await simulator.close();
  await start(createTenant());
  expect((await ask(simulator, `/apps/chats?after_id=${body.last_id}`)).body.data).toHaveLength(17);
});
