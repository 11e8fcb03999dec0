import { createTenant, truth, type SimulatorOptions } from '../../simulator';
import type { Environment } from '../../src/config/environment';
import { expectExactly } from '../support/exact';
import type { Page } from '../support/gateway';
import { startBehindGateway, type SourceBehindGateway } from '../support/gateway-source';

let under: SourceBehindGateway;
afterEach(() => under.close());

async function start(
  change: (page: Page, asked: URL) => void,
  simulator: SimulatorOptions,
  settings: Environment = {},
): Promise<void> {
  under = await startBehindGateway(simulator, settings);
  under.setGateway(change);
}

test('a message that the API delivers more than once comes out once', async () => {
  const tenant = createTenant({ chats: 6, messagesPerChat: [1, 7] });
  const lastOf = new Map<string, Record<string, unknown>>();
  const repeat = (page: Page, { pathname, searchParams }: URL): void => {
    const last = page.chat_messages?.at(-1);
    if (!page.chat_messages || !last) return;
    const before = searchParams.has('after_id') ? lastOf.get(pathname) : undefined;
    page.chat_messages = [...(before ? [before] : []), ...page.chat_messages, last];
    lastOf.set(pathname, last);
  };
  await start(repeat, { tenant }, { PAGE_SIZE: '3' });

  const report = await under.sync();

  expectExactly(await under.records(), tenant);
  const messages = truth(tenant).length;
  expect(report).toMatchObject({ outcome: 'completed', chats: 6, messages });
  expect(await under.ledger()).toMatchObject([{ chats: 6, records: messages }]);
});

test.each(['proj_', 'claude_proj_'])(
  'projects are found where the server calls them proj_..., asked for %s',
  async (form) => {
    const tenant = createTenant({ chats: 30 });
    const [project = ''] = [...tenant.chats.values()].flatMap(({ projectId }) => projectId ?? []);
    const rename = (page: Page): void => {
      for (const chat of page.data ?? []) rewrite(chat);
      if (page.chat_messages) rewrite(page);
    };
    const rewrite = (chat: Record<string, unknown>): void => {
      if (typeof chat['project_id'] === 'string') chat['project_id'] = chat['project_id'].replace('claude_', '');
    };
    const settings = { PROJECT_IDS: project.replace('claude_proj_', form) };
    await start(rename, { tenant, generation: 'legacy' }, settings);

    await under.sync();

    expectExactly(await under.records(), tenant, {
      wanted: ({ projectId, userId }) => projectId === project && userId !== null,
    });
    expect((await under.records()).length).toBeGreaterThan(0);
  },
);

const rounded = (time: unknown): unknown =>
  typeof time === 'string' ? new Date(Math.round(Date.parse(time) / 1000) * 1000).toISOString() : time;
function round(page: Page): void {
  for (const one of [page, ...(page.data ?? []), ...(page.chat_messages ?? [])]) {
    for (const field of ['created_at', 'updated_at']) if (field in one) one[field] = rounded(one[field]);
  }
}

test.each(['now', 'legacy'] as const)(
  'nothing is lost between windows where a server shows times rounded and compares them as they are (%s)',
  async (generation) => {
    const second = Date.parse('2026-10-10T10:10:10Z');
    let now = second + 200;
    const tenant = createTenant({ chats: 4 });
    const [one = '', two = ''] = [...tenant.chats.values()].flatMap((chat) => (chat.userId ? [chat.id] : []));
    for (const ms of [-1500, -750, -250, 50]) tenant.addMessage(one, { at: second + ms });
    tenant.addMessage(two, { at: second - 250 });
    tenant.addMessage(two, { at: second + 2600 });
    await start(round, { tenant, generation, clock: () => now });

    expect(await under.sync()).toMatchObject({ outcome: 'completed', to: new Date(second).toISOString() });
    for (now of [second + 3000, second + 60_000]) {
      expect(await under.sync()).toMatchObject({ outcome: 'completed', to: new Date(now).toISOString() });
    }

    const wanted = ({ userId }: { userId: string | null }): boolean => generation === 'now' || userId !== null;
    expectExactly(await under.records(), tenant, { wanted });
  },
);
