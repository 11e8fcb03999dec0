import { createTenant, startSimulator, type Block, type Chat, type Simulator, type Tenant } from '../../simulator';
import { ANY_STRING, ask, idsOf, type Answer } from './ask';

const NOON = Date.parse('2026-09-02T12:00:00Z');

let tenant: Tenant;
let chat: Chat;
let simulator: Simulator;

beforeEach(async () => {
  tenant = createTenant({ chats: 0 });
  chat = tenant.addChat({ at: NOON });
  simulator = await startSimulator({ tenant, rateLimitPerMinute: Infinity });
});

afterEach(() => simulator.close());

function read(query = '', id = chat.id): Promise<Answer> {
  return ask(simulator, `/apps/chats/${encodeURIComponent(id)}/messages?${query}`);
}

function addMessages(count: number): string[] {
  return Array.from({ length: count }, (_, i) => tenant.addMessage(chat.id, { at: NOON + i * 1_000 }).id);
}

it('shows the chat as the list does, and its messages', async () => {
  addMessages(2);
  const listed = (await ask(simulator, '/apps/chats')).body.data[0];
  const { chat_messages, has_more, first_id, last_id, ...metadata } = (await read()).body;
  expect(metadata).toEqual(listed);
  expect(chat_messages).toEqual([
    {
      id: expect.stringMatching(/^claude_chat_msg_/) as unknown,
      role: 'user',
      created_at: '2026-09-02T12:00:00.000Z',
      content: [{ type: 'text', text: 'Message 1' }],
      files: null,
      generated_files: null,
      artifacts: null,
    },
    expect.objectContaining({ role: 'assistant', created_at: '2026-09-02T12:00:01.000Z' }),
  ]);
  expect([has_more, first_id, last_id]).toEqual([false, ANY_STRING, ANY_STRING]);
});

it('shows everything in one answer unless a limit is given', async () => {
  const ids = addMessages(2_500);
  const { body } = await read();
  expect(idsOf(body.chat_messages)).toEqual(ids);
  expect(body.has_more).toBe(false);
  const page = (await read('limit=1000')).body;
  expect([page.chat_messages.length, page.has_more]).toEqual([1000, true]);
});

it.each(['asc', 'desc'])('goes on with after_id and back with before_id (order=%s)', async (order) => {
  const ids = addMessages(10);
  if (order === 'desc') ids.reverse();
  const first = (await read(`order=${order}&limit=4`)).body;
  expect(idsOf(first.chat_messages)).toEqual(ids.slice(0, 4));
  const second = (await read(`order=${order}&limit=4&after_id=${first.last_id}`)).body;
  expect(idsOf(second.chat_messages)).toEqual(ids.slice(4, 8));
  const third = (await read(`order=${order}&after_id=${second.last_id}`)).body;
  expect([idsOf(third.chat_messages), third.has_more]).toEqual([ids.slice(8), false]);
  const back = (await read(`order=${order}&limit=3&before_id=${third.first_id}`)).body;
  expect([idsOf(back.chat_messages), back.has_more]).toEqual([ids.slice(5, 8), true]);
});

it('orders messages by time, and by id within one instant', async () => {
  for (const letter of 'cab') tenant.addMessage(chat.id, { id: `claude_chat_msg_${letter}`, at: NOON });
  tenant.addMessage(chat.id, { id: 'claude_chat_msg_early', at: NOON + 5, createdAt: NOON - 5 });
  const ids = idsOf((await read()).body.chat_messages);
  expect(ids.map((id) => id.replace('claude_chat_msg_', ''))).toEqual(['early', 'a', 'b', 'c']);
});

it.each(['created_at', 'updated_at'])('keeps to bounds on %s', async (field) => {
  const ids = addMessages(5);
  const { body } = await read(`${field}.gt=2026-09-02T12:00:00Z&${field}.lte=2026-09-02T12:00:03Z`);
  expect(idsOf(body.chat_messages)).toEqual(ids.slice(1, 4));
});

it.each([
  'limit=0',
  'limit=1001',
  'limit=x',
  'order=up',
  'order_by=created_at',
  'after_id=nonsense',
  'tool_result_max_chars=-2',
  'tool_use_input_max_chars=many',
  'created_at.gt=noon',
  'user_ids[]=user_1',
])('refuses %s', async (query) => {
  const { status, body } = await read(query);
  expect([status, body.error.type]).toEqual([400, 'invalid_request_error']);
});

it('refuses the cursor of a list of chats, or of another chat', async () => {
  addMessages(2);
  const other = tenant.addChat();
  const { first_id } = (await ask(simulator, '/apps/chats')).body;
  expect((await read(`after_id=${first_id}`)).status).toBe(400);
  const cursor = (await read('limit=1')).body.last_id;
  expect((await read(`after_id=${cursor}`, other.id)).status).toBe(400);
});

describe('tool blocks', () => {
  const input = JSON.stringify({ text: 'x'.repeat(11_000) });
  const longText = '🙂'.repeat(6_000) + 'y'.repeat(6_000);

  beforeEach(() => {
    tenant.addMessage(chat.id, {
      at: NOON,
      content: [
        { type: 'tool_use', id: 'toolu_1', name: 'search', input },
        {
          type: 'tool_result',
          tool_use_id: 'toolu_1',
          name: 'search',
          is_error: false,
          content: [
            { type: 'text', text: longText },
            { type: 'text', text: 'tail' },
          ],
        },
        { type: 'tool_use', id: null, name: 'short', input: '{}' },
      ],
    });
  });

  async function blocks(query: string): Promise<readonly Block[]> {
    return (await read(query)).body.chat_messages[0]?.content ?? [];
  }

  it('are cut to 10,000 characters, never within one, and say so', async () => {
    const [use, result, short] = await blocks('');
    expect([use?.input, use?.truncated]).toEqual([input.slice(0, 10_000), true]);
    const texts = ['🙂'.repeat(6_000) + 'y'.repeat(4_000), ''].map((text) => ({ type: 'text', text }));
    expect([result?.content, result?.truncated]).toEqual([texts, true]);
    expect([short?.input, short?.truncated]).toEqual(['{}', false]);
  });

  it('come in full with -1, each kind by its own parameter', async () => {
    const full = await blocks('tool_result_max_chars=-1&tool_use_input_max_chars=-1');
    expect(full.map(({ truncated }) => truncated)).toEqual([false, false, false]);
    expect(full[0]?.input).toBe(input);
    expect(full[1]?.content).toEqual([longText, 'tail'].map((text) => ({ type: 'text', text })));
    expect((await blocks('tool_result_max_chars=-1')).map(({ truncated }) => truncated)).toEqual([true, false, false]);
    expect((await blocks('tool_use_input_max_chars=-1')).map(({ truncated }) => truncated)).toEqual([
      false,
      true,
      false,
    ]);
    expect((await blocks('tool_use_input_max_chars=1'))[2]?.input).toBe('{');
  });
});

it('passes on roles, blocks, fields and ids that nobody knows', async () => {
  const odd = tenant.addChat({ id: 'claude_chat_../%2e%2e?x=1#\u0000', extra: { mood: 'calm' } });
  const hologram = JSON.parse('{"type":"hologram","__proto__":{"frames":[]}}') as Block;
  tenant.addMessage(odd.id, {
    role: 'narrator',
    content: [hologram],
    extra: { sentiment: { score: 1 } },
    files: [{ id: 'claude_file_1', filename: 'a/b.txt' }],
  });
  const { body } = await read('', odd.id);
  expect(body).toMatchObject({ id: odd.id, mood: 'calm' });
  expect(body.chat_messages[0]).toMatchObject({
    role: 'narrator',
    content: [hologram],
    sentiment: { score: 1 },
    files: [{ id: 'claude_file_1', filename: 'a/b.txt' }],
  });
  expect(JSON.stringify(body.chat_messages[0]?.content)).toBe(JSON.stringify([hologram]));
});

it('does not find an unknown or a hard-deleted chat', async () => {
  tenant.hardDeleteChat(chat.id);
  for (const id of [chat.id, 'claude_chat_unknown']) {
    const { status, body } = await read('', id);
    expect([status, body.error.type]).toEqual([404, 'not_found_error']);
  }
  expect((await ask(simulator, '/apps/chats')).body.data).toEqual([]);
});
