import {
  createTenant,
  startSimulator,
  type Chat,
  type Simulator,
  type SimulatorOptions,
  type Tenant,
  type Timestamps,
} from '../../simulator';
import { ask, type Item } from './ask';

const START = '2026-09-02T12:00:00.123Z';
const LATER = '2026-09-02T13:00:00.123456Z';

let tenant: Tenant;
let chat: Chat;
let simulator: Simulator;

async function start(timestamps: Timestamps = 'millis', options: SimulatorOptions = {}): Promise<void> {
  tenant = createTenant({ chats: 0, timestamps });
  chat = tenant.addChat({ name: 'Before', at: START });
  simulator = await startSimulator({ tenant, ...options });
}

afterEach(() => simulator.close());

async function listed(): Promise<Item> {
  const [item] = (await ask(simulator, '/apps/chats')).body.data;
  if (!item) throw new Error('the chat is not listed');
  return item;
}

describe('updated_at', () => {
  it('moves when a message is added', async () => {
    await start();
    tenant.addMessage(chat.id, { at: LATER });
    expect((await listed()).updated_at).toBe('2026-09-02T13:00:00.123Z');
  });

  it('moves when the chat is moved into and out of a project', async () => {
    await start();
    const [projectId = ''] = tenant.projects.keys();
    tenant.moveChat(chat.id, projectId, '2026-09-02T14:00:00Z');
    expect(await listed()).toMatchObject({ updated_at: '2026-09-02T14:00:00.000Z', project_id: projectId });
    tenant.moveChat(chat.id, null, '2026-09-02T15:00:00Z');
    expect(await listed()).toMatchObject({ updated_at: '2026-09-02T15:00:00.000Z', project_id: null });
  });

  it('stays when the chat is renamed', async () => {
    await start();
    tenant.renameChat(chat.id, 'After');
    expect(await listed()).toMatchObject({ updated_at: START, name: 'After' });
  });

  it('never goes back by a message that comes late', async () => {
    await start();
    tenant.addMessage(chat.id, { at: '2020-01-01T00:00:00Z' });
    expect((await listed()).updated_at).toBe(START);
  });

  it('is the simulator clock’s now unless a time is given', async () => {
    await start('millis', { clock: () => Date.parse('2026-12-24T18:00:00Z') });
    tenant.addMessage(chat.id);
    expect((await listed()).updated_at).toBe('2026-12-24T18:00:00.000Z');
  });
});

describe('a chat deleted in claude.ai', () => {
  it.each([
    ['now', ''],
    ['mid', ''],
    ['legacy', 'Before'],
  ] as const)('stays listed, emptied (%s)', async (generation, name) => {
    await start('millis', { generation });
    tenant.addMessage(chat.id, { at: START, files: [{ id: 'claude_file_1' }], artifacts: [], generatedFiles: [] });
    tenant.deleteChat(chat.id, LATER);
    const { body } = await ask(simulator, `/apps/chats?user_ids[]=${chat.userId}`);
    expect(body.data).toEqual([
      expect.objectContaining({ name, deleted_at: '2026-09-02T13:00:00.123Z', updated_at: '2026-09-02T13:00:00.123Z' }),
    ]);
    const [message] = (await ask(simulator, `/apps/chats/${chat.id}/messages`)).body.chat_messages;
    expect(message).toMatchObject({ content: [], files: null, generated_files: null, artifacts: null });
  });

  it('takes no more messages', async () => {
    await start();
    tenant.deleteChat(chat.id);
    expect(() => tenant.addMessage(chat.id)).toThrow(/deleted/);
  });
});

it.each([
  ['seconds', '2026-09-02T12:00:00Z', '2026-09-02T13:00:00Z'],
  ['millis', START, '2026-09-02T13:00:00.123Z'],
  ['micros', '2026-09-02T12:00:00.123000Z', LATER],
] as const)('cuts times to %s, and compares them as shown', async (precision, created, updated) => {
  await start(precision);
  tenant.addMessage(chat.id, { at: LATER });
  expect(await listed()).toMatchObject({ created_at: created, updated_at: updated });
  const [message] = (await ask(simulator, `/apps/chats/${chat.id}/messages`)).body.chat_messages;
  expect(message?.created_at).toBe(updated);
  const count = async (bound: string): Promise<number> =>
    (await ask(simulator, `/apps/chats?order_by=updated_at&updated_at.${bound}=${updated}`)).body.data.length;
  expect([await count('gte'), await count('gt'), await count('lte'), await count('lt')]).toEqual([1, 0, 1, 0]);
});

it('can show chats in whole seconds and their messages finer, never a chat older than its newest message', async () => {
  await start({ chats: 'seconds', messages: 'micros' });
  tenant.addMessage(chat.id, { at: LATER });
  const { updated_at } = await listed();
  const [message] = (await ask(simulator, `/apps/chats/${chat.id}/messages`)).body.chat_messages;
  expect([updated_at, message?.created_at]).toEqual(['2026-09-02T13:00:00Z', LATER]);
});

it('can leave out what the newest official examples leave out', async () => {
  await start('seconds', { absent: true });
  tenant.addMessage(chat.id, { at: LATER });
  tenant.addMessage(chat.id, { at: LATER, files: [{ id: 'claude_file_1' }] });
  expect(await listed()).not.toHaveProperty('organization_id');
  const messages = (await ask(simulator, `/apps/chats/${chat.id}/messages`)).body.chat_messages;
  expect(messages.map((message) => Object.keys(message).slice(4).join()).sort()).toEqual(['', 'files']);
});

it('shows no user for a chat without one', async () => {
  await start();
  tenant.addChat({ userId: null, at: '2026-01-01T00:00:00Z' });
  expect((await listed()).user).toBeNull();
});
