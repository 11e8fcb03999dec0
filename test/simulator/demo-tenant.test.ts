import { createDemoTenant, startSimulator, truth, type Tenant } from '../../simulator';
import { ask, idsOf, walkChats } from './ask';

const ANCHOR = Date.parse('2026-10-01T09:30:00.250Z');
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

function demo(now = ANCHOR, seed: string | number = 1): Tenant {
  const tenant = createDemoTenant({ seed, anchor: ANCHOR, clock: () => now });
  tenant.advanceTo(now);
  return tenant;
}

describe('the thirty days before the anchor', () => {
  it.each([1, 2, 3, 'four'])('hold over a thousand messages in few enough chats (seed %s)', (seed) => {
    const tenant = demo(ANCHOR, seed);
    expect(truth(tenant, { from: ANCHOR - 30 * DAY_MS, to: ANCHOR }).length).toBeGreaterThan(1_000);
    expect(truth(tenant, { to: ANCHOR - 30 * DAY_MS })).toEqual([]);
    expect(tenant.chats.size).toBeLessThanOrEqual(170);
    expect([tenant.organizations.size, tenant.users.size, tenant.projects.size]).toEqual([2, 12, 5]);
  });

  it('follow from seed and anchor', () => {
    expect(truth(demo())).toEqual(truth(demo()));
    expect(idsOf(truth(demo(ANCHOR, 2)))).not.toEqual(idsOf(truth(demo())));
  });

  it('have a chat of every kind', () => {
    const tenant = demo();
    const chats = [...tenant.chats.values()];
    const members = [...tenant.organizations.keys()].flatMap((uuid) => idsOf(tenant.members(uuid)?.entries() ?? []));
    const messages = chats.flatMap((chat) => chat.messages);
    const types = new Set(messages.flatMap(({ content }) => content.map(({ type }) => type)));
    const text = chats.map(({ name }) => name).join() + JSON.stringify(messages.map(({ content }) => content));

    expect(tenant.hardDeletedChats.size).toBe(1);
    expect(chats.filter(({ deletedAt }) => deletedAt !== null)).toHaveLength(1);
    expect(chats.filter(({ userId }) => userId === null)).toHaveLength(1);
    expect(chats.filter(({ messages: { length } }) => length === 0)).toHaveLength(1);
    expect(chats.filter(({ name }) => name.endsWith('renamed'))).toHaveLength(1);
    expect(chats.filter(({ userId }) => userId !== null && !members.includes(userId))).toHaveLength(1);
    expect(chats.filter(({ projectId }) => projectId !== null).length).toBeGreaterThan(20);
    expect([...types].sort()).toEqual(['hologram', 'text', 'tool_result', 'tool_use', 'voice_note']);
    for (const key of ['files', 'generatedFiles', 'artifacts'] as const) {
      expect(messages.some((message) => message[key] !== null)).toBe(true);
    }
    for (const script of [
      /\p{Script=Arabic}/u,
      /\p{Script=Hiragana}/u,
      /\p{Script=Devanagari}/u,
      /\p{Emoji_Presentation}/u,
    ]) {
      expect(text).toMatch(script);
    }
    for (const { email } of tenant.users.values()) expect(email).toMatch(/^[a-z.]+@example\.com$/);
  });

  it('have tool blocks that are cut unless asked for in full', async () => {
    const tenant = demo();
    const simulator = await startSimulator({ tenant, rateLimitPerMinute: Infinity, clock: () => ANCHOR });
    try {
      const isLong = ({ content }: { content: readonly object[] }): boolean => JSON.stringify(content).length > 20_000;
      const chat = [...tenant.chats.values()].find(({ messages }) => messages.some(isLong));
      const truncated = async (query: string): Promise<string[]> => {
        const { body } = await ask(simulator, `/apps/chats/${chat?.id}/messages?${query}`);
        const blocks = body.chat_messages.flatMap(({ content }) => content);
        return [...new Set(blocks.filter((block) => block['truncated'] === true).map(({ type }) => type))].sort();
      };
      expect(await truncated('')).toEqual(['tool_result', 'tool_use']);
      expect(await truncated('tool_result_max_chars=-1&tool_use_input_max_chars=-1')).toEqual([]);
    } finally {
      await simulator.close();
    }
  });
});

describe('after the anchor', () => {
  it('brings a few new messages a minute, beside all that were there', () => {
    const before = truth(demo(), { to: ANCHOR });
    const tenant = demo(ANCHOR + 10 * MINUTE_MS);
    const hardDeleted = new Set(tenant.hardDeletedChats.keys());
    const kept = before.filter(({ chatId }) => !hardDeleted.has(chatId));
    expect(idsOf(truth(tenant, { to: ANCHOR }))).toEqual(idsOf(kept));
    const fresh = truth(tenant, { from: ANCHOR });
    expect(fresh.length).toBeGreaterThan(10);
    expect(fresh.length).toBeLessThan(60);
  });

  it('is the same whether it was watched or not', () => {
    const watched = demo();
    for (let minute = 1; minute <= 60; minute++) watched.advanceTo(ANCHOR + minute * MINUTE_MS);
    expect(truth(watched)).toEqual(truth(demo(ANCHOR + 60 * MINUTE_MS)));
  });

  it('still renames, moves, deletes and hard-deletes within the half hour', () => {
    const now = demo();
    const later = demo(ANCHOR + 30 * MINUTE_MS);
    const changed = [...now.chats.values()].map((chat) => ({ chat, after: later.chats.get(chat.id) }));
    expect(changed.filter(({ after }) => !after)).toHaveLength(1);
    expect(changed.filter(({ chat, after }) => after && after.deletedAt !== chat.deletedAt)).toHaveLength(1);
    expect(changed.filter(({ chat, after }) => after && after.name !== chat.name)).toHaveLength(1);
  });

  it('shows through the server only what its clock has come to', async () => {
    let now = ANCHOR - 5 * DAY_MS;
    const tenant = createDemoTenant({ anchor: ANCHOR, clock: () => now });
    const simulator = await startSimulator({ tenant, rateLimitPerMinute: Infinity });
    try {
      const newest = async (): Promise<string> => {
        const updates = (await walkChats(simulator, 'limit=1000&order_by=updated_at')).map((chat) => chat.updated_at);
        return updates.at(-1) ?? '';
      };
      const early = await newest();
      expect(Date.parse(early)).toBeLessThanOrEqual(now);
      now = ANCHOR + 3 * MINUTE_MS;
      const late = await newest();
      expect(Date.parse(late)).toBeGreaterThan(ANCHOR);
      expect(Date.parse(late)).toBeLessThanOrEqual(now);
    } finally {
      await simulator.close();
    }
  });
});

it('goes on although somebody else has deleted its chats', () => {
  const tenant = demo();
  const [first = '', ...rest] = tenant.chats.keys();
  tenant.hardDeleteChat(first);
  for (const id of rest) if (tenant.chats.get(id)?.deletedAt === null) tenant.deleteChat(id);
  tenant.advanceTo(ANCHOR + 60 * MINUTE_MS);
  expect(truth(tenant, { from: ANCHOR }).length).toBeGreaterThan(0);
});

it('can be bigger', () => {
  const tenant = createDemoTenant({
    anchor: ANCHOR,
    clock: () => ANCHOR,
    chats: 500,
    messagesPerChat: [1, 2],
    bigChats: [3_000],
  });
  // The big one comes on top, the hard-deleted one is gone.
  expect(tenant.chats.size).toBe(500 + 1 - 1);
  expect(Math.max(...[...tenant.chats.values()].map(({ messages }) => messages.length))).toBe(3_000);
});
