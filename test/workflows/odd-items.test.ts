import { createTenant, type SimulatorOptions, type Tenant } from '../../simulator';
import type { Environment } from '../../src/config/environment';
import { verificationWorkflowId } from '../../src/contract';
import type { verify } from '../../src/workflows/verify';
import { expectExactly } from '../support/exact';
import type { Page } from '../support/gateway';
import { startBehindGateway, type SourceBehindGateway } from '../support/gateway-source';
import { until } from '../support/until';

// An item of a list that is not as promised is that item's problem.

let under: SourceBehindGateway;
let tenant: Tenant;
afterEach(() => under.close());

type Item = Record<string, unknown>;

async function start(settings: Environment = {}, simulator: SimulatorOptions = {}): Promise<void> {
  tenant = createTenant({ chats: 16, messagesPerChat: 2, usersPerOrganization: 4, organizations: 2 });
  under = await startBehindGateway({ tenant, ...simulator }, settings);
}

const CHANGED: readonly [string, (chat: Item) => unknown][] = [
  ['before it was created', (chat: Item): unknown => (chat['updated_at'] = '0001-01-01T00:00:00Z')],
  [
    'a moment before it was created',
    (chat: Item): unknown =>
      ([chat['updated_at'], chat['created_at']] = ['2026-07-01T00:00:00Z', '2026-07-01T00:00:02Z']),
  ],
  [
    'before the window, says a list that should not hold it then',
    (chat: Item): unknown => (chat['updated_at'] = '2026-07-01T00:00:00Z'),
  ],
  [
    'in the year 1, as it was created',
    (chat: Item): unknown => (chat['updated_at'] = chat['created_at'] = '0001-01-01T00:00:00Z'),
  ],
  ['at the epoch', (chat: Item): unknown => (chat['updated_at'] = chat['created_at'] = '1970-01-01T00:00:00Z')],
  ['in a leap second', (chat: Item): unknown => (chat['updated_at'] = '2026-06-30T23:59:60Z')],
  ['without a zone', (chat: Item): unknown => (chat['updated_at'] = '2026-09-10T12:00:00')],
  ['in no time', (chat: Item): unknown => (chat['updated_at'] = 'yesterday')],
  ['as a number', (chat: Item): unknown => (chat['updated_at'] = 1790000000)],
  ['never', (chat: Item): unknown => delete chat['updated_at']],
];

test.each(['now', 'legacy'] as const)(
  'a chat that says it changed when it cannot have is read like any other (%s)',
  async (generation) => {
    await start({}, { generation });
    const chats = [...tenant.chats.values()].filter(({ userId }) => userId !== null).map(({ id }) => id);
    const changes = new Map(CHANGED.map(([, change], index) => [chats[index], change]));
    expect(changes.size).toBe(CHANGED.length);
    under.setGateway((page) => {
      for (const chat of [page, ...(page.data ?? [])]) changes.get(String(chat['id']))?.(chat);
    });

    expect(await under.sync()).toMatchObject({ outcome: 'completed' });
    const wanted = ({ userId }: { userId: string | null }) => generation === 'now' || userId !== null;
    expectExactly(await under.records(), tenant, { wanted });
  },
);

test('an id of 300 characters is an id', async () => {
  await start();
  tenant.addMessage(tenant.addChat({ id: `claude_chat_${'x'.repeat(288)}` }).id, { at: '2026-09-10T12:00:00Z' });

  expect(await under.sync()).toMatchObject({ outcome: 'completed', chats: 17 });
  expectExactly(await under.records(), tenant);
});

const ODD: [string, unknown][] = [
  ['an empty id', { id: '', updated_at: '2026-09-10T12:00:00Z', created_at: '2026-09-10T12:00:00Z' }],
  ['an id of 30,000 characters', { id: 'x'.repeat(30_000) }],
  ['no id', { updated_at: '2026-09-10T12:00:00Z' }],
  ['a number as its id', { id: 7 }],
  ['a user that is none', { id: 'claude_chat_odd', user: 'somebody' }],
  ['nothing at all', null],
  ['text', 'claude_chat_text'],
];

describe('items of the chat list that are none', () => {
  const odd = ODD.map(([, item]) => item as Item);
  const withOdd = (page: Page): void => void page.data?.splice(1, 0, ...odd);
  const inChats = (page: Page, { pathname }: URL): void => (pathname.endsWith('/chats') ? withOdd(page) : undefined);

  test('fails the sync once the rest is read, and says where it is; mended, everything is there', async () => {
    await start();
    under.setGateway(inChats);

    const report = await under.sync();

    expect(report).toMatchObject({ outcome: 'failed', chats: 16, messages: 32 });
    expect(report.reason).toMatch(/^ChatUnreadable: chats: item 1 of a page is not what was promised, at id$/);
    expect((await under.source.view()).memo?.syncedThrough).toBeNull();
    under.setGateway();
    expect(await under.sync()).toMatchObject({ outcome: 'completed', to: report.to, messages: 32 });
    expectExactly(await under.records(), tenant);
  });

  test('is parked where chats are', async () => {
    await start({ ON_CHAT_FAILURE: 'park' });
    under.setGateway(inChats);

    expect(await under.sync()).toMatchObject({ outcome: 'completed', chats: 16, messages: 32, parked: 1 });
    expect((await under.source.view()).memo?.parked).toMatchObject([{ chatId: '' }]);
    expect(await under.nextSync()).toMatchObject({ outcome: 'completed', parked: 1 });
    expectExactly(await under.records(), tenant);

    // A later one is another one, as far as anybody can tell: it is in the span, and told where it is.
    const [before] = (await under.source.view()).memo!.parked;
    under.setGateway((page, { pathname }) => {
      if (pathname.endsWith('/chats')) page.data?.push({ updated_at: 7 });
    });
    const later = await under.nextSync();
    expect(later).toMatchObject({ outcome: 'completed', parked: 1 });
    const [parked] = (await under.source.view()).memo!.parked;
    expect(parked).toMatchObject({ from: before!.from, to: later.to, since: before!.since });
    expect(parked!.reason).toMatch(/^chats: item \d+ of a page is not what was promised/);
    expect(later.warnings.join()).toMatch(/had no id.*the next census/);

    // Mended, a census finds what their chats hold, and nothing stays.
    under.setGateway();
    await under.restart({ CENSUS_EVERY: '1s' });
    await until(async () => (await under.nextSync()).parked === 0);
    const census = under.client.workflow.getHandle<typeof verify>(verificationWorkflowId(under.source.name));
    expect(await census.result()).toMatchObject({ what: 'census', missing: 0, unread: 0 });
  });

  test('fails the sync all the same where one is parked already, and no more are to be', async () => {
    await start({ ON_CHAT_FAILURE: 'park' });
    under.setGateway(inChats);
    expect(await under.sync()).toMatchObject({ outcome: 'completed', parked: 1 });
    await under.restart({ ON_CHAT_FAILURE: 'fail' });
    expect(await under.nextSync()).toMatchObject({ outcome: 'failed', failure: { type: 'ChatUnreadable' } });
  });
});

test.each(['/users', '/organizations'])(
  'an item of %s that is none leaves everybody else in, and ends a per-user listing by name',
  async (list) => {
    await start({}, { generation: 'legacy' });
    under.setGateway((page, { pathname }) => {
      if (pathname.endsWith(list)) page.data?.splice(1, 0, { id: '', uuid: 7 });
    });

    const report = await under.sync();

    expect(report.outcome).toBe('failed');
    expect(report.reason).toMatch(
      /^ApiRefused: everybody else's chats were read; (users|organizations): item 1 of a page/,
    );
    const wanted = ({ userId }: { userId: string | null }) => userId !== null;
    expectExactly(await under.records(), tenant, { wanted });
    under.setGateway();
    expect((await under.sync()).outcome).toBe('completed');
    expectExactly(await under.records(), tenant, { wanted });
  },
);

test('an organization that is none matters to nobody where the list is everybody’s', async () => {
  await start();
  under.setGateway((page, { pathname }) => {
    if (pathname.endsWith('/organizations')) page.data?.unshift({ uuid: '' });
  });

  expect((await under.sync()).outcome).toBe('completed');
  expectExactly(await under.records(), tenant);
});
