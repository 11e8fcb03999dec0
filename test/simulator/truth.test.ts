import { createTenant, startSimulator, truth } from '../../simulator';
import { ask, idsOf, walkChats } from './ask';

it('holds exactly the messages that a reader of everything finds', async () => {
  const tenant = createTenant({ organizations: 2, chats: 30, bigChats: [1_200], timestamps: 'micros' });
  const [gone = '', emptied = ''] = tenant.chats.keys();
  const lost = idsOf(tenant.chats.get(gone)?.messages ?? []);
  tenant.hardDeleteChat(gone);
  tenant.deleteChat(emptied);
  const simulator = await startSimulator({ tenant, rateLimitPerMinute: Infinity });
  try {
    const found: object[] = [];
    for (const chat of await walkChats(simulator, 'limit=1000')) {
      const { body } = await ask(simulator, `/apps/chats/${chat.id}/messages`);
      for (const { id, role, created_at: createdAt } of body.chat_messages) {
        found.push({
          id,
          role,
          createdAt,
          chatId: chat.id,
          chatUpdatedAt: chat.updated_at,
          userId: chat.user?.id,
          organizationUuid: chat.organization_uuid,
          projectId: chat.project_id,
        });
      }
    }
    const expected = truth(tenant);
    expect(expected.length).toBeGreaterThan(1_200);
    expect(expected).toEqual(found.map((message): unknown => expect.objectContaining(message)));
    expect(expected.filter(({ chatIsDeleted }) => chatIsDeleted).map(({ chatId }) => chatId)).toContain(emptied);
    expect(idsOf(expected)).not.toEqual(expect.arrayContaining(lost));
    expect([...tenant.hardDeletedChats.keys()]).toEqual([gone]);
  } finally {
    await simulator.close();
  }
});

it('ends before `to` and begins with `from`, at the precision that is shown', () => {
  const tenant = createTenant({ chats: 0, timestamps: 'seconds' });
  const chat = tenant.addChat({ at: '2026-09-02T00:00:00Z' });
  const ids = ['00:00:01.9Z', '00:00:02.1Z', '00:00:03.5Z'].map(
    (time) => tenant.addMessage(chat.id, { at: `2026-09-02T${time}` }).id,
  );
  expect(idsOf(truth(tenant, { from: '2026-09-02T00:00:01.95Z', to: '2026-09-02T00:00:03Z' }))).toEqual(
    ids.slice(0, 2),
  );
});

it('is the same for the same seed, and another for another', () => {
  const texts = (seed: number): string => JSON.stringify(truth(createTenant({ seed })));
  expect(texts(7)).toBe(texts(7));
  expect(texts(7)).not.toBe(texts(8));
});
