import { createTenant, type Tenant } from '../../simulator';
import { expectExactly } from '../support/exact';
import { startBehindGateway, type SourceBehindGateway } from '../support/gateway-source';

// What is left out, kept or cannot be seen is told: in the report, and in the ledger where it is about messages.

let under: SourceBehindGateway;
let tenant: Tenant;
afterEach(() => under.close());

type Item = Record<string, unknown>;
const altered = (message: Item): Item => ({ ...message, content: [{ type: 'text', text: 'altered' }] });

test.each([
  ['in a page', '1000', (messages: Item[]) => messages.push(altered(messages[0]!))],
  ['on the next page', '3', (messages: Item[], last?: Item) => last && messages.unshift(altered(last))],
] as const)('the first of two messages of one id is kept, the other counted: %s', async (_where, size, repeat) => {
  tenant = createTenant({ chats: 4, messagesPerChat: 5 });
  under = await startBehindGateway({ tenant }, { PAGE_SIZE: size });
  const lastOf = new Map<string, Item>();
  under.setGateway((page, { pathname }) => {
    const messages = page.chat_messages;
    const last = messages?.at(-1);
    if (!messages || !last) return;
    repeat(messages, lastOf.get(pathname));
    lastOf.set(pathname, last);
  });

  const report = await under.sync();

  expect(report).toMatchObject({ outcome: 'completed', messages: 20, conflicts: 4 });
  expect(report.warnings.join()).toMatch(/came again with another content: 4; the first one was kept/);
  const records = await under.records();
  expectExactly(records, tenant);
  expect(JSON.stringify(records)).not.toContain('altered');
  const [line] = await under.ledger();
  expect(line!.conflicts!.map(({ records }) => records)).toEqual([1, 1, 1, 1]);
});

test('a parked chat that the filters leave out by now is not let out, and leaves the list', async () => {
  tenant = createTenant({ chats: 0 });
  const [organization = ''] = tenant.organizations.keys();
  const projects = [tenant.addProject(organization), tenant.addProject(organization)];
  const [kept = '', out = ''] = projects.map(({ id }) => id);
  for (const projectId of [kept, kept, kept, out]) {
    const { id } = tenant.addChat({ projectId, at: '2026-09-10T12:00:00Z' });
    for (const second of [1, 2]) tenant.addMessage(id, { at: `2026-09-10T12:00:0${second}Z` });
  }
  const [inside = '', , , outside = ''] = tenant.chats.keys();
  const broken = [inside, outside];
  under = await startBehindGateway({ tenant }, { ON_CHAT_FAILURE: 'park', PROJECT_IDS: `${kept},${out}` });
  under.simulator.setFaults({ targets: broken.map((chatId) => ({ chatId, kind: '500-no-retry', times: Infinity })) });
  expect(await under.sync()).toMatchObject({ outcome: 'completed', parked: 2 });

  under.simulator.setFaults();
  await under.restart({ PROJECT_IDS: kept });
  expect(await under.nextSync()).toMatchObject({ outcome: 'completed', parked: 0, skipped: 1, messages: 2 });
  const records = await under.records();
  expect(records.filter(({ chat_id }) => chat_id === outside)).toEqual([]);
  expect(records.filter(({ chat_id }) => chat_id === inside)).toHaveLength(2);
});

test('a chat that changed without a message of the window is counted: it may hold one that surfaced late', async () => {
  tenant = createTenant({ chats: 6, messagesPerChat: 2 });
  under = await startBehindGateway({ tenant });
  const first = await under.sync();
  const [late = '', moved = '', deleted = ''] = tenant.chats.keys();
  // It was sent before the last window ended, and is there only now.
  tenant.addMessage(late, { createdAt: Date.parse(first.to!) - 60_000, at: Date.now() });
  tenant.moveChat(moved, null);
  tenant.deleteChat(deleted);
  tenant.addChat();

  const report = await under.nextSync();

  expect(report).toMatchObject({ outcome: 'completed', unexplained: 2, messages: 0 });
  expect(report.warnings.join()).toContain('changed without a message of this window: 2');
  expect(await under.nextSync()).toMatchObject({ outcome: 'completed', unexplained: 0 });
});
