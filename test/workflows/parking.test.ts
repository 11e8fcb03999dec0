import { createTenant, type Tenant } from '../../simulator';
import { expectExactly } from '../support/exact';
import { startBehindGateway, type SourceBehindGateway } from '../support/gateway-source';
import { nextSecond } from '../support/until';

let under: SourceBehindGateway;
let tenant: Tenant;
afterEach(() => under.close());

const SETTINGS = { BACKFILL_START: '2026-08-01', ON_CHAT_FAILURE: 'park' };
const parked = async () => (await under.source.view()).memo?.parked ?? [];
const chatIds = (): string[] => [...tenant.chats.keys()];
const breakChats = (ids: string[], kind: '500' | '500-no-retry' = '500-no-retry'): void =>
  under.simulator.setFaults({ targets: ids.map((chatId) => ({ chatId, kind, times: Infinity })) });
const requestsFor = (chatId: string): number =>
  under.simulator.requests.filter(({ path }) => path.includes(chatId)).length;

async function start(chats: number): Promise<void> {
  tenant = createTenant({ chats, messagesPerChat: 2 });
  under = await startBehindGateway({ tenant }, SETTINGS);
}

test('it parks a chat that can never be read, and brings all of it, once, when it heals', async () => {
  await start(8);
  const [broken, fine] = chatIds() as [string, string];
  breakChats([broken]);
  const first = await under.sync();

  expect(first).toMatchObject({ outcome: 'completed', chats: 7, messages: 14, parked: 1 });
  expect(first.warnings.join()).toContain(broken);
  expect(await parked()).toMatchObject([{ chatId: broken, from: first.from, to: first.to }]);
  expect((await parked())[0]?.reason).toMatch(/^messages: .*never, status 500/);
  expectExactly(await under.records(), tenant, { wanted: ({ chatId }) => chatId !== broken });
  expect((await under.ledger())[0]).toMatchObject({ parked: [broken] });

  // It changes, and is still broken: nothing of it is read, and the span that is missing grows.
  tenant.addMessage(broken, { content: 'while it was parked' });
  tenant.addMessage(fine, { content: 'meanwhile' });
  await nextSecond();
  const second = await under.sync();
  expect(second).toMatchObject({ outcome: 'completed', from: first.to, chats: 1, messages: 1, parked: 1 });
  expect(await parked()).toMatchObject([{ chatId: broken, from: first.from, to: second.to }]);

  under.simulator.setFaults();
  await nextSecond();
  const third = await under.sync();
  expect(third).toMatchObject({ outcome: 'completed', chats: 1, messages: 3, parked: 0 });
  expect(third.warnings.join()).not.toContain(broken);
  expect(await parked()).toEqual([]);
  expectExactly(await under.records(), tenant);
  const [, , line] = await under.ledger();
  expect(line).toMatchObject({ healed: [{ chatId: broken, from: first.from, to: second.to, records: 3 }], records: 3 });

  await nextSecond();
  await under.sync();
  expectExactly(await under.records(), tenant);
});

test('it tries a parked chat a few times a sync, and forgets one that is gone', async () => {
  await start(4);
  const [broken = ''] = chatIds();
  breakChats([broken]);
  await under.sync();
  breakChats([broken], '500');
  const before = requestsFor(broken);
  await nextSecond();
  expect(await under.sync()).toMatchObject({ outcome: 'completed', parked: 1 });
  expect(requestsFor(broken) - before).toBe(3);

  under.simulator.setFaults();
  tenant.hardDeleteChat(broken);
  await nextSecond();
  expect(await under.sync()).toMatchObject({ outcome: 'completed', gone: 1, parked: 0 });
  expect(await parked()).toEqual([]);
});

test('a parked chat that is served in small pages only heals over a few syncs', async () => {
  await start(3);
  const [large = ''] = chatIds();
  for (let i = 0; i < 6; i += 1) tenant.addMessage(large, { content: `more ${i}`, at: '2026-09-10T12:00:00Z' });
  breakChats([large]);
  await under.sync();
  under.simulator.setFaults();
  const sizes: number[] = [];
  under.setGateway((page, asked) => {
    if (!page.chat_messages || page['id'] !== large) return undefined;
    sizes.push(Number(asked.searchParams.get('limit')));
    // Too slow for more, says a gateway.
    return sizes.at(-1)! > 5 ? { status: 504, body: '' } : undefined;
  });

  expect(await under.nextSync()).toMatchObject({ outcome: 'completed', parked: 1 });
  expect(await under.nextSync()).toMatchObject({ outcome: 'completed', parked: 0 });

  expect(sizes.slice(0, 5)).toEqual([1000, 250, 62, 15, 3]);
  expect(await parked()).toEqual([]);
  expectExactly(await under.records(), tenant);
});

test('it fails, and parks no more, when two hundred are parked', async () => {
  await start(210);
  const broken = chatIds().slice(0, 203);
  breakChats(broken);
  const failed = await under.sync();
  expect(failed).toMatchObject({ outcome: 'failed', messages: 14, parked: 200 });
  expect(failed.reason).toMatch(/^ChatUnreadable: chat .*; 200 chats are parked already$/);
  expect((await under.source.view()).memo?.syncedThrough).toBeNull();

  under.simulator.setFaults();
  expect(await under.sync()).toMatchObject({ outcome: 'completed', from: failed.from, to: failed.to, parked: 0 });
  expectExactly(await under.records(), tenant);
});

test('a source that was terminated knows what is parked, and what has healed in the window it takes up', async () => {
  await start(6);
  const [first = '', second = ''] = chatIds();
  breakChats([first, second]);
  await under.sync();

  // One heals, and the sync fails behind it.
  breakChats([second]);
  tenant.addMessage(second, { content: 'changed' });
  await under.chain.terminate('by an operator');
  await nextSecond();
  expect(await under.sync()).toMatchObject({ outcome: 'completed', parked: 1 });

  under.simulator.setFaults();
  await nextSecond();
  await under.sync();
  expectExactly(await under.records(), tenant);
});
