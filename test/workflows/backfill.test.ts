import { createTenant, DEMO_KEY, truth, type TargetedFault, type Tenant } from '../../simulator';
import { expectExactly, idsOf } from '../support/exact';
import { startSource, type SourceUnderTest } from '../support/source-under-test';

let under: SourceUnderTest;
afterEach(() => under.close());

const MINUTE = 60_000;
const START = '2026-08-01';
const FROM = '2026-08-01T00:00:00.000Z';
const LATER = '2026-09-15T00:00:00.000Z';
const warned = (warnings: string[]): string[] => warnings.filter((text) => text.includes('BACKFILL_START'));
const firstChat = (tenant: Tenant): string => tenant.chatOrder.updated_at.entries()[0]!.item.id;
const lastChat = (tenant: Tenant): string => tenant.chatOrder.updated_at.entries().at(-1)!.item.id;

describe('the first sync without a backfill start', () => {
  test('it begins at now, says so and how to have older messages; the next one brings what came since', async () => {
    let now = Date.now() - 60 * MINUTE;
    const tenant = createTenant({ chats: 5 });
    under = await startSource({ simulator: { tenant, clock: () => now } });

    const first = await under.sync();

    expect(first).toMatchObject({ outcome: 'completed', chats: 0, messages: 0, requests: 2 });
    expect(first.from).toBe(first.to);
    expect(warned(first.warnings)).toEqual([
      expect.stringMatching(`BACKFILL_START is not set.*begins now, at ${first.to}.*rewind --to`),
    ]);
    expect(under.simulator.requests.map(({ path }) => path.split('/').at(-1))).toEqual(['organizations', 'chats']);
    expect(under.simulator.requests[1]?.query).toMatch(/limit=1$/);
    expect(await under.ledger()).toMatchObject([{ from: first.to, to: first.to, chats: 0, records: 0, parts: [] }]);

    const message = tenant.addMessage(firstChat(tenant));
    now += MINUTE;
    const second = await under.sync();
    expect(second).toMatchObject({ from: first.to, messages: 1 });
    expect(warned(second.warnings)).toEqual([]);
    expect(idsOf(await under.records())).toEqual([message.id]);
  });

  test.each<[string, () => void, RegExp]>([
    [
      'lacks the scope for chats',
      () => under.simulator.setKey({ key: DEMO_KEY, scopes: ['read:compliance_org_data'] }),
      /^Forbidden: .*read:compliance_user_data/,
    ],
    ['is revoked', () => under.simulator.revokeKey(DEMO_KEY), /^Unauthorized: /],
  ])('it fails where the key %s, and begins at that time when the key is mended', async (_title, spoil, reason) => {
    let now = Date.now() - 60 * MINUTE;
    const tenant = createTenant({ chats: 3 });
    under = await startSource({ simulator: { tenant, clock: () => now } });
    spoil();
    const failed = await under.sync();
    expect(failed).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(reason) });

    const message = tenant.addMessage(firstChat(tenant));
    now += MINUTE;
    under.simulator.setKey({ key: DEMO_KEY });
    await under.sync();
    const messages = truth(tenant, { from: (await under.ledger())[0]!.to });
    now += MINUTE;
    await under.sync();

    expect(idsOf(await under.records())).toEqual(idsOf(messages));
    if (failed.to !== null) expect(idsOf(messages)).toEqual([message.id]);
  });
});

describe('a backfill start that is set when there is a timestamp', () => {
  test('it is warned of only while it is before where the source really began', async () => {
    let now = Date.now() - 60 * MINUTE;
    const sync = async (BACKFILL_START: string): Promise<string[]> => {
      await under.restart({ BACKFILL_START });
      now += MINUTE;
      const report = await under.sync();
      expect(report.outcome).toBe('completed');
      return warned(report.warnings);
    };
    under = await startSource({ simulator: { clock: () => now }, settings: { BACKFILL_START: LATER } });
    await under.sync();

    expect(await sync(LATER)).toEqual([]);
    expect(await sync('2026-10-01')).toEqual([]);
    const ignored = `BACKFILL_START is ignored: the source began at ${LATER}; \`chat-sync rewind --to ${FROM}\``;
    expect(await sync(START)).toEqual([expect.stringContaining(ignored)]);

    // What the warning names is done: there is nothing to warn of any more, not even in the sync that does it.
    await under.source.rewind({ to: START });
    expect(await sync(START)).toEqual([]);
    expect(await sync(START)).toEqual([]);

    // A later rewind changes nothing about where the source began.
    await under.source.rewind({ to: '2026-10-15' });
    expect(await sync(START)).toEqual([]);
    expect(await sync('2026-07-01')).toHaveLength(1);
  });
});

describe('a backfill start that is changed while the first window is unfinished', () => {
  async function failInFirstWindow(broken: (tenant: Tenant) => TargetedFault): Promise<Tenant> {
    const tenant = createTenant({ chats: 12, messagesPerChat: 4 });
    under = await startSource({ simulator: { tenant }, settings: { BACKFILL_START: START } });
    under.simulator.setFaults({ targets: [broken(tenant)] });
    expect(await under.sync()).toMatchObject({ outcome: 'failed', from: FROM });
    under.simulator.setFaults();
    return tenant;
  }

  test.each([
    ['a later one', LATER],
    ['an earlier one', '2020-01-01T00:00:00.000Z'],
  ])('it begins again from %s where nothing was sent', async (_title, from) => {
    const tenant = await failInFirstWindow(() => ({ path: /chats$/, kind: '403', times: Infinity }));
    await under.restart({ BACKFILL_START: from });

    const report = await under.sync();

    expect(report).toMatchObject({ outcome: 'completed', from, warnings: [] });
    expectExactly(await under.records(), tenant, { from });
    expect(await under.ledger()).toMatchObject([
      { outcome: 'abandoned', from: FROM, records: 0 },
      { outcome: 'completed', from },
    ]);
  });

  test.each([
    ['set to another time', LATER, /BACKFILL_START is .* now, but the first window began at .* rewind --to/],
    ['taken away', '', /BACKFILL_START is not set any more, but the first window began at/],
  ])('it finishes the window, and says so, where something was sent and it is %s', async (...row) => {
    const [, BACKFILL_START, warning] = row;
    const tenant = await failInFirstWindow((tenant) => ({
      chatId: lastChat(tenant),
      kind: '500-no-retry',
      times: Infinity,
    }));
    await under.restart({ BACKFILL_START });

    const report = await under.sync();

    expect(report).toMatchObject({ outcome: 'completed', from: FROM, chats: 12 });
    expect(report.warnings).toEqual([expect.stringMatching(warning)]);
    expectExactly(await under.records(), tenant);
  });
});
