import { createTenant, DEMO_KEY, type Tenant } from '../../simulator';
import { expectExactly } from '../support/exact';
import { refusal } from '../support/gateway';
import { startBehindGateway, type SourceBehindGateway } from '../support/gateway-source';

// Answers that are well-formed, and say too little or something else than they seem to: nothing is lost, let out or left unsaid.

let under: SourceBehindGateway;
let tenant: Tenant;
afterEach(() => under.close());

const isChats = ({ pathname }: URL): boolean => pathname.endsWith('/apps/chats');
const ofUsers = { wanted: ({ userId }: { userId: string | null }) => userId !== null };

test.each([
  ['updated_at', 'now'],
  ['created_at', 'legacy'],
] as const)(
  'a page that ends with a later %s than its place, and a cursor that expires then',
  async (time, generation) => {
    tenant = createTenant({ organizations: 1, usersPerOrganization: 3, chats: 40, messagesPerChat: 1 });
    under = await startBehindGateway({ tenant, generation }, { PAGE_SIZE: '5' });
    let lists = 0;
    under.setGateway((page, asked) => {
      if (!isChats(asked) || (generation === 'legacy' && !asked.searchParams.has('user_ids[]'))) return undefined;
      lists += 1;
      if (lists === 2) return refusal(400, 'invalid_request_error', 'Cursor has expired');
      if (lists === 1) page.data![4]![time] = new Date().toISOString();
      return undefined;
    });

    expect(await under.sync()).toMatchObject({ outcome: 'completed' });
    expectExactly(await under.records(), tenant, generation === 'legacy' ? ofUsers : {});
  },
);

test.each<[string, unknown]>([
  ['user', { id: null, email_address: null }],
  ['project_id', 7],
])('a listed chat whose %s is odd is read by its id', async (field, value) => {
  tenant = createTenant({ chats: 6, messagesPerChat: 2 });
  under = await startBehindGateway({ tenant }, { ON_CHAT_FAILURE: 'park' });
  const [, , odd] = tenant.chats.keys();
  under.setGateway((page, asked) => {
    if (isChats(asked)) for (const chat of page.data ?? []) if (chat['id'] === odd) chat[field] = value;
  });

  expect(await under.sync()).toMatchObject({ outcome: 'completed', parked: 0, chats: 6 });
  expectExactly(await under.records(), tenant);
});

test.each([
  "Encryption key for chat 'ID' was not found.",
  'Owner of chat ID not found.',
  'Chat ID not found or not visible to this key.',
  "Chat conversation not found: 'ID' has no organization",
])('a 404 that names the chat, and misses something else: %s', async (text) => {
  tenant = createTenant({ chats: 10, messagesPerChat: 2 });
  under = await startBehindGateway({ tenant });
  const refused = [...tenant.chats.keys()].slice(0, 2);
  under.setGateway((_page, { pathname }) => {
    const id = refused.find((chatId) => pathname.endsWith(`/${chatId}/messages`));
    return id === undefined ? undefined : refusal(404, 'not_found_error', text.replace('ID', id));
  });

  const { outcome, gone, failure } = await under.sync();
  expect({ outcome, gone }).toEqual({ outcome: 'failed', gone: 0 });
  expect(failure?.chatIds.toSorted()).toEqual(refused.toSorted());
  under.setGateway();
  expect(await under.sync()).toMatchObject({ outcome: 'completed' });
  expectExactly(await under.records(), tenant);
});

test.each(['/users', '/organizations'])(
  'a list of %s with a next page, and no word on whether there is one',
  async (list) => {
    tenant = createTenant({ organizations: 4, usersPerOrganization: 6, chats: 30, messagesPerChat: 1 });
    const generation = list === '/users' ? 'legacy' : 'mid';
    under = await startBehindGateway({ tenant, generation }, { PAGE_SIZE: '2', LISTING: 'per-user' });
    under.setGateway((page, { pathname }) => {
      if (pathname.endsWith(list)) delete page['has_more'];
    });

    expect(await under.sync()).toMatchObject({ outcome: 'completed' });
    expectExactly(await under.records(), tenant, ofUsers);
  },
);

test('an organization that is listed, and gone when its users are asked for, fails the sync by name', async () => {
  tenant = createTenant({ organizations: 3, usersPerOrganization: 4, chats: 30, messagesPerChat: 1 });
  under = await startBehindGateway({ tenant, generation: 'legacy' });
  const [, gone] = tenant.organizations.keys();
  under.setGateway((_page, { pathname }) =>
    pathname.endsWith(`/${gone}/users`)
      ? refusal(404, 'not_found_error', `Organization not found: '${gone}'`)
      : undefined,
  );

  const report = await under.sync();

  expect(report.outcome).toBe('failed');
  expect(report.reason).toContain(`organization ${gone} is listed, and gone`);
  expect(report.chats).toBeGreaterThan(0);
  under.setGateway();
  expect(await under.sync()).toMatchObject({ outcome: 'completed' });
  expectExactly(await under.records(), tenant, ofUsers);
});

test('a server that does not filter by organization', async () => {
  tenant = createTenant({ organizations: 3, usersPerOrganization: 2, chats: 20, messagesPerChat: 1 });
  const [uuid = ''] = tenant.organizations.keys();
  under = await startBehindGateway({ tenant }, { ORGANIZATION_IDS: uuid });
  const unfiltered = async (asked: URL): Promise<string> => {
    asked.searchParams.delete('organization_ids[]');
    return (await fetch(asked, { headers: { 'x-api-key': DEMO_KEY } })).text();
  };
  const all = await unfiltered(
    new URL('/v1/compliance/apps/chats?order_by=updated_at&limit=1000', under.simulator.url),
  );
  under.setGateway((page, asked) => {
    if (isChats(asked)) Object.assign(page, JSON.parse(all));
  });

  expect(await under.sync()).toMatchObject({ outcome: 'completed' });
  expectExactly(await under.records(), tenant, { wanted: ({ organizationUuid }) => organizationUuid === uuid });
});

test('a list that does not say whose a chat is, where that is filtered by, is refused', async () => {
  tenant = createTenant({ organizations: 1, usersPerOrganization: 3, chats: 30, messagesPerChat: 1 });
  const [userId = ''] = tenant.users.keys();
  under = await startBehindGateway({ tenant }, { USER_IDS: userId });
  under.setGateway((page, asked) => {
    if (isChats(asked)) for (const chat of page.data ?? []) delete chat['user'];
  });

  expect((await under.sync()).reason).toMatch(/^ApiRefused: USER_IDS are compared here/);
  under.setGateway();
  expect(await under.sync()).toMatchObject({ outcome: 'completed' });
  expectExactly(await under.records(), tenant, { wanted: (message) => message.userId === userId });
});

test('a list that leaves the project out: the messages tell', async () => {
  tenant = createTenant({ organizations: 1, usersPerOrganization: 3, chats: 30, messagesPerChat: 1 });
  const [projectId = ''] = tenant.projects.keys();
  under = await startBehindGateway({ tenant }, { PROJECT_IDS: projectId });
  under.setGateway((page, asked) => {
    if (isChats(asked)) for (const chat of page.data ?? []) delete chat['project_id'];
  });

  expect(await under.sync()).toMatchObject({ outcome: 'completed' });
  expectExactly(await under.records(), tenant, { wanted: (message) => message.projectId === projectId });
});

test('second pages that are refused for every chat are not the chats', async () => {
  tenant = createTenant({ chats: 30, messagesPerChat: 5 });
  under = await startBehindGateway({ tenant }, { PAGE_SIZE: '2', ON_CHAT_FAILURE: 'park' });
  under.setGateway((_page, asked) =>
    asked.pathname.endsWith('/messages') && asked.searchParams.has('after_id')
      ? refusal(400, 'invalid_request_error', 'Cursor is invalid')
      : undefined,
  );

  expect(await under.sync()).toMatchObject({ outcome: 'failed', parked: 0, failure: { type: 'ApiRefused' } });
});

test('organizations in a circle are named before anything is read', async () => {
  tenant = createTenant({ organizations: 6, chats: 5 });
  const none = '00000000-0000-4000-8000-000000000000';
  under = await startBehindGateway({ tenant }, { PAGE_SIZE: '2', ORGANIZATION_IDS: none });
  let second: unknown;
  under.setGateway((page, { pathname }) => {
    if (!pathname.endsWith('/organizations')) return;
    second ??= page['next_page'];
    if (!page['has_more']) Object.assign(page, { has_more: true, next_page: second });
  });

  expect((await under.sync()).reason).toMatch(/^ApiRefused: organizations: .* circles/);
});
