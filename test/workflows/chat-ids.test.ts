import {
  createTenant,
  truth,
  type Chat,
  type Generation,
  type NewChat,
  type NewMessage,
  type Tenant,
} from '../../simulator';
import { expectExactly, idsOf } from '../support/exact';
import { startSource, type SourceUnderTest } from '../support/source-under-test';

// Ids are other people's text.

const SEPTEMBER = '2026-09-10T12:00:00.000Z';

let under: SourceUnderTest;
afterEach(() => under.close());

async function start(
  tenant: Tenant,
  generation: Generation = 'now',
  settings: Record<string, string> = {},
): Promise<void> {
  under = await startSource({
    simulator: { tenant, generation },
    settings: { BACKFILL_START: '2026-08-01', ...settings },
  });
}

function addChat(tenant: Tenant, from: NewChat, messages: NewMessage[] = [{}]): Chat {
  const chat = tenant.addChat({ at: SEPTEMBER, ...from });
  messages.forEach((message, i) => tenant.addMessage(chat.id, { at: Date.parse(SEPTEMBER) + i * 1000, ...message }));
  return chat;
}

test.each(['now', 'legacy'] as const)(
  'ids come out as they are, whatever they would mean in a path, a URL or an object (%s)',
  async (generation) => {
    const ids = [
      ...['../../etc/passwd', '..%2F', '%2E%2E', '...', '/', '//', 'a/b', 'a%2Fb', '%2F', '%', '%zz', '\\', 'a\\b'],
      ...['a?limit=1', 'a#b', 'a&b', 'a;b', 'a:b', 'a b', 'a+b', 'a%20b', ' ', ' a', '*', '"a"', "'a'", '`a`', '{}'],
      ...[
        'line\nbreak',
        '\r\n',
        '\0',
        '\u001b[31m',
        '\u2028',
        '\u202e',
        'ß',
        '\u00e9',
        'e\u0301',
        '😀',
        'CASE',
        'case',
      ],
      ...['__proto__', 'constructor', 'null', '0', 'messages', 'x'.repeat(200), '語'.repeat(200)],
    ];
    const tenant = createTenant({ chats: 0 });
    const [uuid] = [...tenant.organizations.keys()];
    const user = tenant.addUser(uuid!, { id: `user_/../?a=1&b#%2F "'`, email: `"a\n b"@example.com` });
    const { id: projectId } = tenant.addProject(uuid!, { id: 'claude_proj_../%2F"\n' });
    for (const id of ids) {
      const messages = [id, `${id} 2`, `${id} 3`].map((messageId) => ({ id: messageId, content: id }));
      addChat(tenant, { id, userId: user.id, projectId }, messages);
    }
    await start(tenant, generation, { PAGE_SIZE: '25' });

    const report = await under.sync();

    expect(report).toMatchObject({ outcome: 'completed', chats: ids.length, messages: 3 * ids.length });
    const records = await under.records();
    expectExactly(records, tenant);
    expect(new Set(records.map((record) => record.chat_id))).toEqual(new Set(ids));
    for (const { content, chat_id, chat_user, project_id } of records) {
      expect(content).toEqual([{ type: 'text', text: chat_id }]);
      expect(chat_user).toEqual({ id: user.id, email_address: user.email });
      expect(project_id).toBe(projectId);
    }
  },
);

test('chats whose ids cannot be in a URL fail the sync by name, after the rest of their page', async () => {
  const tenant = createTenant({ chats: 5 });
  const readable = truth(tenant);
  addChat(tenant, { id: '.' });
  addChat(tenant, { id: '..' });
  addChat(tenant, { extra: { id: 'half a \ud83d' } });
  await start(tenant);

  const report = await under.sync();

  expect(report).toMatchObject({ outcome: 'failed', chats: 5 });
  expect(report.reason).toMatch(/^ChatUnreadable: /);
  for (const name of ['chat .: ', 'chat ..: ', String.raw`chat half a \ud83d: `]) expect(report.reason).toContain(name);
  expect(report.requests).toBe(under.simulator.requests.length);
  expect(idsOf(await under.records())).toEqual(idsOf(readable));
  expect(under.simulator.requests.filter(({ path }) => path.endsWith('/messages'))).toHaveLength(5);
});
