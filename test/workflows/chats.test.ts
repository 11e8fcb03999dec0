import { createHash } from 'node:crypto';
import {
  createTenant,
  DEMO_KEY,
  truth,
  type Chat,
  type Generation,
  type NewChat,
  type NewMessage,
  type RandomTenantOptions,
  type SimulatorOptions,
  type Tenant,
} from '../../simulator';
import { expectExactly, idsOf } from '../support/exact';
import { startSource, type SourceUnderTest } from '../support/source-under-test';

/** How the source lists the chats follows from what the server allows. */
const LISTINGS: { generation: Generation }[] = [{ generation: 'now' }, { generation: 'legacy' }];

const SEPTEMBER = '2026-09-10T12:00:00.000Z';
const OCTOBER = '2026-10-02T00:00:00.000Z';
const MINUTE = 60_000;

let under: SourceUnderTest;
afterEach(() => under.close());

async function start(simulator: SimulatorOptions, settings: Record<string, string> = {}): Promise<void> {
  under = await startSource({ simulator, settings: { BACKFILL_START: '2026-08-01', ...settings } });
}

const withoutChats = (options: RandomTenantOptions = {}) => createTenant({ ...options, chats: 0 });

/** A chat of September; its messages follow each other by a second. */
function addChat(tenant: Tenant, from: NewChat, messages: NewMessage[] = [{}]): Chat {
  const chat = tenant.addChat({ at: SEPTEMBER, ...from });
  messages.forEach((message, i) => tenant.addMessage(chat.id, { at: Date.parse(SEPTEMBER) + i * 1000, ...message }));
  return chat;
}

const requestsFor = (chatId: string) =>
  under.simulator.requests.filter(({ path }) => path.endsWith(`/chats/${encodeURIComponent(chatId)}/messages`)).length;
const messageRequests = () => under.simulator.requests.filter(({ path }) => path.endsWith('/messages')).length;
const recordsOf = async (chatId: string) => (await under.records()).filter((record) => record.chat_id === chatId);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** The server's clock stands still; as the n-th request for a chat's messages arrives, something happens before its answer. */
function clockAt(time: string, happenings: { chatId: string; n: number; happens: (chatId: string) => void }[]) {
  const left = [...happenings];
  return () => {
    const due = left.findIndex(({ chatId, n }) => requestsFor(chatId) === n);
    if (due >= 0) left.splice(due, 1).forEach(({ chatId, happens }) => happens(chatId));
    return Date.parse(time);
  };
}

describe.each(LISTINGS)('chats of a server of the generation $generation', ({ generation }) => {
  test('a message comes out with all that the API says of it, known or not, unchanged', async () => {
    const tenant = withoutChats();
    const projectId = [...tenant.projects.keys()][0]!;
    const long = 'a 😀 "quoted"\n'.repeat(2_000);
    const content = [
      { type: 'text', text: '\0\u2028\ud800 </script>\r\n', citations: [{ url: null }] },
      { type: 'tool_use', id: null, name: 'run', input: JSON.stringify({ long }), truncated: false },
      { type: 'tool_result', name: 'run', content: [1, 2].map(() => ({ type: 'text', text: long })), truncated: false },
      { type: 'hologram', frames: [[], {}, null, 0.5, { type: 'hologram' }] },
      { type: '' },
    ];
    const files = [{ id: 'claude_file_1', filename: '../a "b".pdf', mime_type: null, size_bytes: 0, later: [1] }];
    const generatedFiles = [{ id: 'claude_gen_file_1', filename: 'b', md5: null }];
    const artifacts = [{ id: 'a', version_id: 'v', title: null, artifact_type: null }];
    const extra = JSON.parse('{"z":{"b":1,"a":[null]},"__proto__":{"c":1},"chat_id":"another"}') as object;
    const chat = addChat(tenant, { projectId, name: 'В "кавычках"\n' }, [
      { content, files, generatedFiles, artifacts, extra: { ...extra } },
      { role: 'conductor', content: [], files: [], artifacts: [] },
      { role: '', content: [{ type: 'thinking' }] },
    ]);
    await start({ tenant, generation });

    const report = await under.sync();

    expect(report).toMatchObject({ outcome: 'completed', chats: 1, messages: 3 });
    const records = await under.records();
    expectExactly(records, tenant);
    const [organization] = tenant.organizations.values();
    const { id, email } = tenant.users.get(chat.userId!)!;
    const ofChat = {
      chat_id: chat.id,
      chat_name: 'В "кавычках"\n',
      chat_user: { id, email_address: email },
      organization_id: organization!.id,
      organization_uuid: organization!.uuid,
      project_id: projectId,
    };
    const [first, second, third] = truth(tenant).map((message) => {
      return { id: message.id, role: message.role, created_at: message.createdAt };
    });
    const nothing = { files: null, artifacts: null };
    const expected = [
      { ...first, content, files, artifacts, ...ofChat, generated_files: generatedFiles, ...extra, chat_id: chat.id },
      { ...second, content: [], files: [], artifacts: [], ...ofChat, generated_files: null },
      { ...third, content: [{ type: 'thinking' }], ...nothing, ...ofChat, generated_files: null },
    ];
    expect(expected.map(({ role }) => role)).toEqual(['user', 'conductor', '']);
    // As text: the order of the fields counts too.
    expect(records.map((record) => JSON.stringify(record))).toEqual(expected.map((record) => JSON.stringify(record)));
  });

  test('chats of no, of thousands and of huge messages come out whole and in order', async () => {
    const tenant = createTenant({ chats: 2, messagesPerChat: 0, bigChats: [10_001] });
    const sameInstant = Array.from({ length: 1_001 }, () => ({ at: SEPTEMBER }));
    addChat(tenant, { id: 'tied' }, sameInstant);
    const text = 'Ж😀"\n'.repeat(2_000_000);
    addChat(tenant, { id: 'huge' }, [{ content: 'small' }, { content: text }, { content: 'small' }]);
    await start({ tenant, generation });

    const report = await under.sync();

    expect(report).toMatchObject({ outcome: 'completed', chats: 5, messages: 11_005 });
    const records = await under.records();
    expectExactly(records, tenant);
    for (const { id, messages } of tenant.chats.values()) {
      const ofChat = records.filter((record) => record.chat_id === id);
      expect(ofChat.map((record) => record.id)).toEqual(messages.map((message) => message.id));
      expect(requestsFor(id)).toBe(Math.ceil(messages.length / 1_000) || 1);
    }
    const [, huge] = records.filter((record) => record.chat_id === 'huge');
    const [block] = huge!.content as { text: string }[];
    expect(sha256(block!.text)).toBe(sha256(text));
  });

  test('many more chats of one instant than a page holds are each read once', async () => {
    const tenant = withoutChats();
    const users = [...tenant.users.keys()];
    for (let i = 0; i < 160; i++) addChat(tenant, { userId: users[i % 2]! });
    await start({ tenant, generation }, { PAGE_SIZE: '20' });

    const report = await under.sync();

    expect(report).toMatchObject({ outcome: 'completed', chats: 160, messages: 160 });
    expectExactly(await under.records(), tenant);
    expect(messageRequests()).toBe(160);
  });

  test.each<[string, RandomTenantOptions, { absent?: boolean }]>([
    ['microseconds', { timestamps: 'micros' }, {}],
    ['whole seconds for chats', { timestamps: { chats: 'seconds', messages: 'micros' } }, { absent: true }],
  ])('a window ends between two microseconds, in %s and in any time zone', async (_title, precision, { absent }) => {
    let now = Date.parse(OCTOBER);
    const tenant = withoutChats(precision);
    const [before, after] = ['2026-10-01T23:59:59.999999Z', '2026-10-02T00:00:00.000001Z'];
    addChat(tenant, { id: 'long' }, [{}, { at: before }, { at: OCTOBER }, { at: after }]);
    addChat(tenant, { id: 'begun before', at: before }, [{ at: OCTOBER }]);
    addChat(tenant, { id: 'begun after', at: OCTOBER }, [{ at: after }]);
    const india = '2026-10-02T05:29:59+05:30';
    const pacific = '2026-10-01T16:00:00-08:00';
    const shown = (created_at: string) => ({ at: created_at, extra: { created_at } });
    const updated = { updated_at: '2026-10-02T05:30:00+05:30' };
    addChat(tenant, { id: 'abroad', at: india, extra: { created_at: india, ...updated } }, [india, pacific].map(shown));
    addChat(tenant, { id: 'later', at: pacific, extra: { created_at: pacific, ...updated } }, [shown(pacific)]);
    await start({ tenant, generation, clock: () => now, absent });

    const first = await under.sync();

    expect(first).toMatchObject({ outcome: 'completed', to: OCTOBER, messages: 3 });
    expectExactly(await under.records(), tenant, { to: OCTOBER });

    now += MINUTE;
    const second = await under.sync();

    expect(second).toMatchObject({ outcome: 'completed', from: OCTOBER, messages: 6 });
    expect([...first.warnings, ...second.warnings].join()).not.toContain('newer');
    const records = await under.records();
    expectExactly(records, tenant);
    const times = truth(tenant).map(({ id, createdAt, message }) => [id, message.extra['created_at'] ?? createdAt]);
    expect(Object.fromEntries(records.map(({ id, created_at }) => [id, created_at]))).toEqual(
      Object.fromEntries(times),
    );
    const [organization] = tenant.organizations.values();
    for (const record of records) {
      expect(record).toMatchObject({ files: null, artifacts: null, project_id: '' });
      expect(record.organization_uuid).toBe(organization!.uuid);
      expect(record.organization_id).toBe(absent ? '' : organization!.id);
      expect('generated_files' in record).toBe(!absent);
    }
  });

  test('a deleted chat comes emptied, and of one that is gone for good comes what was read before', async () => {
    const tenant = withoutChats();
    const five = Array.from({ length: 5 }, () => ({ files: [{}], generatedFiles: [{}], artifacts: [{}] }));
    for (const id of ['kept', 'emptied', 'emptied now', 'gone', 'gone now']) addChat(tenant, { id }, five);
    tenant.deleteChat('emptied', SEPTEMBER);
    const clock = clockAt(OCTOBER, [
      { chatId: 'emptied now', n: 2, happens: (id) => tenant.deleteChat(id, OCTOBER) },
      { chatId: 'gone', n: 1, happens: (id) => tenant.hardDeleteChat(id) },
      { chatId: 'gone now', n: 2, happens: (id) => tenant.hardDeleteChat(id) },
    ]);
    await start({ tenant, generation, clock }, { PAGE_SIZE: '3' });

    const report = await under.sync();

    expect(report).toMatchObject({ outcome: 'completed', chats: 4, gone: 2, messages: 18 });
    const { messages } = tenant.hardDeletedChats.get('gone now')!;
    expect(idsOf(await recordsOf('gone now'))).toEqual(idsOf(messages.slice(0, 3)));
    const rest = (await under.records()).filter((record) => record.chat_id !== 'gone now');
    expectExactly(rest, tenant);
    const blocks = async (chatId: string) =>
      (await recordsOf(chatId)).map(({ content }) => (content as unknown[]).length);
    expect(await blocks('kept')).toEqual([1, 1, 1, 1, 1]);
    expect(await blocks('emptied now')).toEqual([1, 1, 1, 0, 0]);
    for (const record of await recordsOf('emptied')) {
      expect(record).toMatchObject({ content: [], files: null, generated_files: null, artifacts: null });
    }
  });

  test('with MESSAGES=all the emptied messages of a deleted chat are left out', async () => {
    const tenant = withoutChats();
    addChat(tenant, { id: 'emptied' });
    addChat(tenant, { id: 'kept' }, [{}, { content: [] }]);
    tenant.deleteChat('emptied', SEPTEMBER);
    await start({ tenant, generation }, { MESSAGES: 'all' });

    const report = await under.sync();

    expect(report).toMatchObject({ outcome: 'completed', messages: 2 });
    expect(idsOf(await under.records())).toEqual(idsOf(tenant.chats.get('kept')!.messages));
  });

  test('what is renamed, moved or deleted after a sync shows in its next message, and nothing comes again', async () => {
    let now = Date.parse(OCTOBER);
    const tenant = withoutChats();
    const [one, two] = [...tenant.projects.keys()];
    const known = ['renamed', 'moved in', 'moved on', 'moved out', 'renamed only', 'moved only', 'deleted'];
    for (const id of known) addChat(tenant, { id, name: 'Old', projectId: id === 'moved in' ? null : one });
    await start({ tenant, generation, clock: () => now });
    await under.sync();

    for (const id of ['renamed', 'renamed only']) tenant.renameChat(id, 'New');
    for (const id of ['moved in', 'moved on', 'moved only']) tenant.moveChat(id, two!);
    tenant.moveChat('moved out', null);
    for (const id of ['renamed', 'moved in', 'moved on', 'moved out']) tenant.addMessage(id);
    tenant.deleteChat('deleted');
    now += MINUTE;
    const report = await under.sync();

    expect(report).toMatchObject({ outcome: 'completed', messages: 4 });
    const records = await under.records();
    expectExactly(records, tenant);
    const shown = records.map(({ chat_id, chat_name, project_id }) => `${chat_id}: ${chat_name} in ${project_id}`);
    const old = known.map((id) => `${id}: Old in ${id === 'moved in' ? '' : one}`);
    const fresh = [
      `renamed: New in ${one}`,
      `moved in: Old in ${two}`,
      `moved on: Old in ${two}`,
      'moved out: Old in ',
    ];
    expect(shown.toSorted()).toEqual([...old, ...fresh].toSorted());
  });
});

describe('chats of the whole organization in one list', () => {
  test('a chat comes without its author where the API names none, and with one who was removed', async () => {
    let now = Date.parse(OCTOBER);
    const tenant = withoutChats();
    const [leaver, stayer] = [...tenant.users.values()];
    const userId = stayer!.id;
    addChat(tenant, { id: 'of a leaver', userId: leaver!.id });
    addChat(tenant, { id: 'of nobody', userId: null });
    addChat(tenant, { id: 'unsaid', userId, extra: { user: undefined, name: undefined, project_id: undefined } });
    addChat(tenant, { id: 'without address', userId, extra: { user: { id: userId } } });
    tenant.removeUser(leaver!.id);
    await start({ tenant, clock: () => now });
    await under.sync();

    // With a key of the one organization that the author has left, the API names nobody.
    under.simulator.setKey({ key: DEMO_KEY, organizationUuid: [...tenant.organizations.keys()][0] });
    tenant.addMessage('of a leaver');
    now += MINUTE;
    await under.sync();

    expectExactly(await under.records(), tenant);
    const named = { chat_user: { id: leaver!.id, email_address: leaver!.email } };
    expect(await recordsOf('of a leaver')).toMatchObject([named, { chat_user: null }]);
    expect(await recordsOf('of nobody')).toMatchObject([{ chat_user: null }]);
    expect(await recordsOf('unsaid')).toMatchObject([{ chat_user: null, chat_name: '', project_id: '' }]);
    const withoutAddress = { chat_user: { id: userId, email_address: '' } };
    expect(await recordsOf('without address')).toMatchObject([withoutAddress]);
  });

  test('two thousand of them of one instant are walked through once, in pages of 300', async () => {
    const tenant = withoutChats();
    const [one, two] = [...tenant.projects.keys()];
    // Most are filtered out, which costs no request each: what counts here is the list.
    for (let i = 0; i < 2_000; i++) addChat(tenant, { projectId: i % 50 === 0 ? one : two });
    await start({ tenant }, { PAGE_SIZE: '300', PROJECT_IDS: one! });

    const report = await under.sync();

    expect(report).toMatchObject({ outcome: 'completed', chats: 40, messages: 40, skipped: 1_960, requests: 48 });
    const wanted = truth(tenant).filter(({ projectId }) => projectId === one);
    expect(idsOf(await under.records())).toEqual(idsOf(wanted));
  });
});
