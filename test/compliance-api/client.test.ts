import { fittingItems } from '../../src/activities/list-items';
import { organizationSchema, userSchema } from '../../src/compliance-api/schemas';
import { chat, chatPage, message, messagePage } from './samples';
import { clientOf, closeAll, json, secretKey, serve } from './local-server';
import { used } from './used';

afterEach(closeAll);

const identity = <T>(page: T): Promise<T> => Promise.resolve(page);

describe('createComplianceApi', () => {
  it('asks for chats with the query as it is, lists repeated, and what is undefined left out', async () => {
    const { url, requests } = await serve(json(chatPage(chat)));
    await clientOf(url).listChats({
      limit: 1000,
      order_by: 'updated_at',
      'updated_at.gte': '2026-04-08T14:30:45+02:00',
      after_id: 'a+/= b',
      before_id: undefined,
      'organization_ids[]': ['org_1', 'org_2'],
    });
    const asked = new URL(requests[0]?.url ?? '', url);
    expect(asked.pathname).toBe('/v1/compliance/apps/chats');
    expect([...asked.searchParams]).toEqual([
      ['limit', '1000'],
      ['order_by', 'updated_at'],
      ['updated_at.gte', '2026-04-08T14:30:45+02:00'],
      ['after_id', 'a+/= b'],
      ['organization_ids[]', 'org_1'],
      ['organization_ids[]', 'org_2'],
    ]);
  });

  it('asks for tool blocks in full', async () => {
    const { url, requests } = await serve(json(messagePage()));
    await used(clientOf(url).getChatMessages('claude_chat_1', { limit: 1000, order: 'asc' }, {}), identity);
    const asked = new URL(requests[0]?.url ?? '', url);
    expect(asked.pathname).toBe('/v1/compliance/apps/chats/claude_chat_1/messages');
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      limit: '1000',
      order: 'asc',
      tool_result_max_chars: '-1',
      tool_use_input_max_chars: '-1',
    });
  });

  it('sends the key, the version of the API and its own name, and asks for no compression', async () => {
    const { url, requests } = await serve(json({ data: [] }));
    await clientOf(url).listOrganizations({});
    expect(requests[0]?.method).toBe('GET');
    expect(requests[0]?.headers).toMatchObject({
      'x-api-key': secretKey,
      'anthropic-version': '2023-06-01',
      'user-agent': 'compliance-chat-sync/1.2.3',
      accept: 'application/json',
      'accept-encoding': 'identity',
    });
  });

  it.each(['/gateway/anthropic', '/gateway/anthropic/'])(
    'keeps the path of a base URL that ends in %s',
    async (prefix) => {
      const { url, requests } = await serve(json({ data: [] }));
      const api = clientOf(url + prefix);
      await api.listOrganizations({ limit: 5, page: 'p2' });
      await api.listOrganizationUsers('550e8400-e29b-41d4-a716-446655440000', { limit: 7 });
      expect(requests.map((request) => request.url)).toEqual([
        '/gateway/anthropic/v1/compliance/organizations?limit=5&page=p2',
        '/gateway/anthropic/v1/compliance/organizations/550e8400-e29b-41d4-a716-446655440000/users?limit=7',
      ]);
    },
  );

  it('reads the key anew for each request', async () => {
    const { url, requests } = await serve(json({ data: [] }));
    const keys = ['first', 'second'];
    const api = clientOf(url, { accessKey: () => Promise.resolve(keys.shift() ?? 'none') });
    await api.listOrganizations({});
    await api.listOrganizations({});
    expect(requests.map(({ headers }) => headers['x-api-key'])).toEqual(['first', 'second']);
  });

  it("returns the request-id and the server's clock, or null where they are not what they should be", async () => {
    const date = 'Wed, 08 Apr 2026 14:30:45 GMT';
    const good = await serve(json({ data: [] }, 200, { 'request-id': 'req_01-Ab', date }));
    const bad = await serve(json({ data: [] }, 200, { 'request-id': 'a b', date: '1' }));
    expect(await clientOf(good.url).listOrganizations({})).toMatchObject({
      requestId: 'req_01-Ab',
      serverTimeMs: Date.parse(date),
    });
    expect(await clientOf(bad.url).listOrganizations({})).toMatchObject({ requestId: null, serverTimeMs: null });
  });

  it.each(['claude_chat_a/../../../organizations', 'a?limit=1#x', '%2e%2e', 'a\u0000\u001b[31m', '...', 'ä😀'])(
    'keeps a chat id such as %j within its place in the path',
    async (id) => {
      const { url, requests } = await serve(json({ ...messagePage(), id }));
      await used(clientOf(url).getChatMessages(id, {}, {}), identity);
      const [path] = requests[0]?.url?.split('?') ?? [];
      const segments = path?.split('/') ?? [];
      expect(segments).toHaveLength(7);
      expect(decodeURIComponent(segments[5] ?? '')).toBe(id);
    },
  );

  it.each(['', '.', '..', '\ud800'])('makes no request for a chat id that has no place in a path: %j', async (id) => {
    const { url, requests } = await serve(json(messagePage()));
    await expect(used(clientOf(url).getChatMessages(id, {}, {}), identity)).rejects.toMatchObject({
      kind: 'no-path',
    });
    await expect(clientOf(url).listOrganizationUsers(id, {})).rejects.toMatchObject({ kind: 'no-path' });
    expect(requests).toHaveLength(0);
  });

  it('reads the messages as they came, beside what it knows of their chat', async () => {
    const text = JSON.stringify({
      zebra: 1.5e300,
      ...messagePage({
        brand_new: [null],
        ...message,
        role: 'narrator',
        generated_files: [{ id: 'claude_gen_file_1' }],
      }),
    }).replace('{', '{"__proto__":{"polluted":true},');
    const { url } = await serve((_request, response) => response.end(text));
    await used(clientOf(url).getChatMessages('claude_chat_1', {}, {}), async (page) => {
      const { created_at: _created, ...known } = chat;
      expect(page).toMatchObject({ ...known, has_more: false, last_id: null });
      expect(Reflect.get(page, 'polluted')).toBeUndefined();
      const [read] = page.chat_messages;
      expect(read).toMatchObject({
        id: message.id,
        created_at: message.created_at,
        createdAtMs: Date.parse(message.created_at),
      });
      const fields = [...(read?.fields() ?? [])].map(([name, field]) => [
        name,
        Buffer.concat(read?.slices(field) ?? []).toString(),
      ]);
      expect(fields).toContainEqual(['role', '"role":"narrator"']);
      expect(fields.map(([name]) => name)).toEqual(['brand_new', ...Object.keys(message), 'generated_files']);
    });
  });

  it('accepts what older and newer servers leave out', async () => {
    const bareChat = { id: chat.id, name: '', created_at: chat.created_at, updated_at: chat.updated_at };
    const bareMessage = { id: message.id, role: 'user', created_at: message.created_at, content: [] };
    const { url } = await serve((request, response) =>
      json(
        request.url?.includes('messages')
          ? { ...bareChat, chat_messages: [bareMessage], has_more: false }
          : { data: [bareChat], has_more: false },
      )(request, response),
    );
    const api = clientOf(url);
    expect((await api.listChats({})).body.data).toEqual([bareChat]);
    await used(api.getChatMessages('claude_chat_1', {}, {}), async ({ chat_messages }) =>
      expect(chat_messages.map(({ id }) => id)).toEqual([bareMessage.id]),
    );
  });

  it.each([
    ['null', null],
    ['a number', 9007199254740993],
    ['absent', undefined],
  ])('needs no name of an organization and no address of a user: %s', async (_title, value) => {
    const uuid = chat.organization_uuid;
    const { url } = await serve((request, response) =>
      json({ data: [request.url?.includes('users') ? { id: 'user_1', email: value } : { uuid, name: value }] })(
        request,
        response,
      ),
    );
    const api = clientOf(url);
    const organizations = fittingItems((await api.listOrganizations({})).body.data, organizationSchema, null);
    expect(organizations).toMatchObject({ fitting: [{ uuid }], odd: null });
    const users = fittingItems((await api.listOrganizationUsers(uuid, {})).body.data, userSchema, null);
    expect(users).toMatchObject({ fitting: [{ id: 'user_1' }], odd: null });
  });

  it.each(['', 'yesterday', '2026-06-30T23:59:60Z', '0001-01-01T00:00:00Z', 7, null, {}, undefined])(
    'needs no time of a chat beside its messages: %j',
    async (time) => {
      const times = { created_at: time, updated_at: time, deleted_at: time };
      const { url } = await serve(json({ ...messagePage(message), ...times }));
      expect(
        (await used(clientOf(url).getChatMessages('claude_chat_1', {}, {}), identity)).body.chat_messages,
      ).toHaveLength(1);
    },
  );

  it('throws what `use` throws, and returns what it returns', async () => {
    const { url } = await serve(json(messagePage(message)));
    const api = clientOf(url);
    const full = new Error('disk full');
    await expect(used(api.getChatMessages('claude_chat_1', {}, {}), () => Promise.reject(full))).rejects.toBe(full);
    const answer = await used(api.getChatMessages('claude_chat_1', {}, {}), (page) =>
      Promise.resolve(page.chat_messages.length),
    );
    expect(answer.body).toBe(1);
  });

  describe('on a page that cannot be continued', () => {
    const chats = (page: object, after_id?: string) => async () => {
      const { url } = await serve(json({ ...chatPage(chat), ...page }));
      return clientOf(url).listChats({ after_id });
    };
    it.each([
      ['says there is more after nothing', chats({ has_more: true, last_id: null })],
      ['says there is more and not after what', chats({ has_more: true, last_id: undefined })],
      ['says there is more after an empty cursor', chats({ has_more: true, last_id: '' })],
      ['says there is more after the cursor asked with', chats({ has_more: true, last_id: 'c1' }, 'c1')],
    ])('takes for another shape one that %s', async (_title, ask) => {
      await expect(ask()).rejects.toMatchObject({
        kind: 'unexpected-shape',
        endpoint: 'chats',
        status: 200,
        at: 'last_id',
      });
    });

    it('takes the same for another shape on messages, organizations and users', async () => {
      const messages = await serve(json({ ...messagePage(message), has_more: true, last_id: 'c1' }));
      const asked = used(clientOf(messages.url).getChatMessages('claude_chat_1', { after_id: 'c1' }, {}), identity);
      await expect(asked).rejects.toMatchObject({ kind: 'unexpected-shape', endpoint: 'messages', at: 'last_id' });
      const { url } = await serve(json({ data: [], has_more: true, next_page: null }));
      const failed = { kind: 'unexpected-shape', at: 'next_page' };
      await expect(clientOf(url).listOrganizations({})).rejects.toMatchObject({ ...failed, endpoint: 'organizations' });
      await expect(clientOf(url).listOrganizationUsers('o', {})).rejects.toMatchObject({
        ...failed,
        endpoint: 'users',
      });
    });

    it('accepts one that goes on after another cursor', async () => {
      expect((await chats({ has_more: true, last_id: 'c2' }, 'c1')()).body.last_id).toBe('c2');
    });
  });

  it("takes another chat's messages for another shape", async () => {
    const { url } = await serve(json({ ...messagePage(message), id: 'claude_chat_2' }));
    await expect(used(clientOf(url).getChatMessages('claude_chat_1', {}, {}), identity)).rejects.toMatchObject({
      kind: 'unexpected-shape',
      at: 'id',
    });
  });
});
