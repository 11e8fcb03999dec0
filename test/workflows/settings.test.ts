import { createTenant, DEMO_KEY, truth, type Tenant, type TrueMessage } from '../../simulator';
import type { Environment } from '../../src/config/environment';
import { expectExactly, idsOf } from '../support/exact';
import { startSource, type SourceUnderTest } from '../support/source-under-test';

const started: SourceUnderTest[] = [];
async function start(...options: Parameters<typeof startSource>): Promise<SourceUnderTest> {
  const under = await startSource(...options);
  started.unshift(under);
  return under;
}
afterEach(async () => {
  for (const under of started.splice(0)) await under.close();
});

const BACKFILL = { BACKFILL_START: '2026-08-01' };
const MINUTE = 60_000;
const iso = (ms: number) => new Date(ms).toISOString();
/** An hour ago, on a whole second. */
const anHourAgo = () => Math.floor(Date.now() / 1000) * 1000 - 60 * MINUTE;
/** In the order of the list. */
const chatIds = (tenant: Tenant) => tenant.chatOrder.updated_at.entries().map(({ item }) => item.id);
const addToEveryChat = (tenant: Tenant) => chatIds(tenant).forEach((id) => tenant.addMessage(id));
/** One parameter of every request after the first so many. */
const asked = ({ simulator }: SourceUnderTest, after: number, parameter: string) => [
  ...new Set(simulator.requests.slice(after).map(({ query }) => new URLSearchParams(query).get(parameter))),
];

describe('MESSAGES', () => {
  test('it is all: every message of a chat that changed comes again, but none that was emptied', async () => {
    let now = anHourAgo();
    const tenant = createTenant({ chats: 5, messagesPerChat: 3 });
    const [changed, deleted] = chatIds(tenant);
    const settings = { ...BACKFILL, MESSAGES: 'all', PAGE_SIZE: '2' };
    const under = await start({ simulator: { tenant, clock: () => now }, settings });
    await under.sync();
    expectExactly(await under.records(), tenant);
    const first = truth(tenant);

    tenant.addMessage(changed!);
    tenant.deleteChat(deleted!);
    now += MINUTE;
    const second = await under.sync();

    const again = truth(tenant).filter((message) => message.chatId === changed);
    expect(again).toHaveLength(4);
    expect(second).toMatchObject({ outcome: 'completed', chats: 2, messages: 4 });
    expect(idsOf(await under.records())).toEqual(idsOf([...first, ...again]));

    await under.restart({ MESSAGES: 'new' });
    const message = tenant.addMessage(changed!);
    now += MINUTE;
    expect(await under.sync()).toMatchObject({ from: second.to, messages: 1 });
    expect(idsOf(await under.records())).toEqual(idsOf([...first, ...again, message]));
  });
});

describe('BACKFILL_START', () => {
  test.each([
    ['a date', '2026-09-15', '2026-09-15T00:00:00.000Z'],
    ['a time', '2026-09-15T12:30', '2026-09-15T12:30:00.000Z'],
    ['a time with an offset', '2026-09-15T14:30:00+02:00', '2026-09-15T12:30:00.000Z'],
  ])('it is %s: exactly the messages from there on come', async (_title, BACKFILL_START, from) => {
    const at = Date.parse(from);
    const tenant = createTenant({ chats: 15 });
    const [around, ends, before] = [1, 2, 3].map(() => tenant.addChat({ at: at - MINUTE }).id);
    for (const createdAt of [at - 1, at, at + 1]) tenant.addMessage(around!, { at: createdAt });
    const last = tenant.addMessage(ends!, { at });
    const tooEarly = tenant.addMessage(before!, { at: at - 1 });
    const under = await start({ simulator: { tenant }, settings: { BACKFILL_START } });

    const report = await under.sync();

    expect(report).toMatchObject({ outcome: 'completed', from });
    const records = await under.records();
    expectExactly(records, tenant, { from });
    expect(idsOf(records)).toContain(last.id);
    expect(idsOf(records)).not.toContain(tooEarly.id);
  });
});

describe('PAGE_SIZE', () => {
  test('it is how many records each request asks for, from the next sync on when it is changed', async () => {
    let now = anHourAgo();
    const tenant = createTenant({ chats: 3, messagesPerChat: [1, 4] });
    const simulator = { tenant, clock: () => now };
    const under = await start({ simulator, settings: { ...BACKFILL, PAGE_SIZE: '1' } });
    let { to } = await under.sync();
    expect(asked(under, 0, 'limit')).toEqual(['1']);
    expectExactly(await under.records(), tenant);

    for (const PAGE_SIZE of ['2', '1000']) {
      await under.restart({ PAGE_SIZE });
      const { length } = under.simulator.requests;
      // All of them at one time: neither a page nor its end may depend on when a chat was changed.
      for (let messages = 0; messages < 3; messages++) addToEveryChat(tenant);
      now += MINUTE;

      const report = await under.sync();

      expect(report).toMatchObject({ outcome: 'completed', from: to, messages: 9 });
      expect(asked(under, length, 'limit')).toEqual([PAGE_SIZE]);
      expectExactly(await under.records(), tenant);
      ({ to } = report);
    }
  });
});

describe('REQUESTS_PER_SECOND', () => {
  test('it may be below 1', async () => {
    const tenant = createTenant({ chats: 1 });
    const under = await start({ simulator: { tenant }, settings: { ...BACKFILL, REQUESTS_PER_SECOND: '0.9' } });

    expect(await under.sync()).toMatchObject({ outcome: 'completed', requests: 3 });
    expectExactly(await under.records(), tenant);
  });
});

describe('WORKERS', () => {
  test('it is 2: two of them share a sync, and each message comes once', async () => {
    const tenant = createTenant({ chats: 60, messagesPerChat: 1 });
    const written: number[] = [];
    const under = await start({
      simulator: { tenant },
      // So slow that one worker has not slots enough to take everything at once.
      settings: { ...BACKFILL, WORKERS: '2', REQUESTS_PER_SECOND: '40' },
      wrapArchive: (archive) => {
        const worker = written.push(0) - 1;
        return {
          ...archive,
          write: (batch) => {
            written[worker]! += 1;
            return archive.write(batch);
          },
        };
      },
    });
    await under.addWorker();

    const report = await under.sync();

    expect(report).toMatchObject({ outcome: 'completed', chats: 60, requests: 62 });
    expectExactly(await under.records(), tenant);
    expect(written).toEqual([expect.any(Number), expect.any(Number)]);
    expect(Math.min(...written)).toBeGreaterThan(0);
  });
});

describe('SETTLE_SECONDS', () => {
  test('it leaves what is younger to a later sync, and may grow and shrink without moving the timestamp', async () => {
    let now = anHourAgo();
    const tenant = createTenant({ chats: 3 });
    const [one, two, three] = chatIds(tenant);
    const under = await start({
      simulator: { tenant, clock: () => now },
      settings: { ...BACKFILL, SETTLE_SECONDS: '60' },
    });
    const to = now - MINUTE;
    tenant.addMessage(one!, { at: to - 1 });
    const young = [
      tenant.addMessage(one!, { at: to }),
      tenant.addMessage(two!, { at: to + 1 }),
      tenant.addMessage(three!, { at: now }),
    ];

    const first = await under.sync();

    expect(first.to).toBe(iso(to));
    expect(young.map(({ id }) => id)).not.toEqual(expect.arrayContaining(idsOf(await under.records())));
    expectExactly(await under.records(), tenant, { to: iso(to) });

    await under.restart({ SETTLE_SECONDS: '7200' });
    expect(await under.sync()).toMatchObject({ outcome: 'completed', from: first.to, to: first.to, chats: 0 });
    expect((await under.source.view()).memo?.syncedThrough).toBe(first.to);

    await under.restart({ SETTLE_SECONDS: '30' });
    now += 30_001;
    expect(await under.sync()).toMatchObject({ from: first.to, to: iso(to + MINUTE), chats: 3, messages: 2 });
    expectExactly(await under.records(), tenant, { to: iso(to + MINUTE) });
  });
});

describe('filters that are changed', () => {
  test('they count from the timestamp on, with one warning', async () => {
    let now = anHourAgo();
    const tenant = createTenant({ chats: 20, organizations: 2, usersPerOrganization: 2 });
    const [{ userId }] = truth(tenant) as [TrueMessage];
    const organizationUuid = [...tenant.organizations.keys()][1];
    const USER_IDS = userId ?? '';
    const under = await start({ simulator: { tenant, clock: () => now }, settings: { ...BACKFILL, USER_IDS } });
    await under.sync();
    const expected = truth(tenant).filter((message) => message.userId === userId);

    const steps: [Environment, (message: TrueMessage) => boolean, number][] = [
      [
        { USER_IDS: '', ORGANIZATION_IDS: organizationUuid },
        (message) => message.organizationUuid === organizationUuid,
        1,
      ],
      [{ USER_IDS: '' }, () => true, 1],
      [{ USER_IDS: '' }, () => true, 0],
    ];
    for (const [settings, wanted, warnings] of steps) {
      await under.restart(settings);
      const { syncedThrough } = (await under.source.view()).memo!;
      addToEveryChat(tenant);
      now += MINUTE;

      const report = await under.sync();

      expect(report).toMatchObject({ outcome: 'completed', from: syncedThrough, to: iso(now) });
      const warning = `the filters changed: they apply from ${syncedThrough} on`;
      expect(report.warnings.filter((text) => text.startsWith(warning))).toHaveLength(warnings);
      const window = { from: report.from!, to: report.to! };
      expected.push(...truth(tenant, window).filter(wanted));
      expect(idsOf(await under.records())).toEqual(idsOf(expected));
    }
  });
});

describe('an unfinished window', () => {
  test('it stays the same, and comes out exactly once, whatever is set anew before it is taken up', async () => {
    let now = anHourAgo();
    const tenant = createTenant({ chats: 12, usersPerOrganization: 2 });
    const under = await start({ simulator: { tenant, clock: () => now }, settings: { ...BACKFILL, PAGE_SIZE: '5' } });
    const { to: timestamp } = await under.sync();
    addToEveryChat(tenant);
    const broken = chatIds(tenant)[7]!;
    const USER_IDS = tenant.chats.get(broken)!.userId!;
    now += MINUTE;
    const window = { outcome: 'failed', from: timestamp, to: iso(now) };
    under.simulator.setFaults({ targets: [{ chatId: broken, kind: '500-no-retry', times: Infinity }] });
    await under.restart({ USER_IDS });
    const failed = await under.sync();
    expect(failed).toMatchObject(window);
    expect(failed.chats).toBeGreaterThan(0);
    now += MINUTE;

    for (const settings of [
      { PAGE_SIZE: '2', LISTING: 'organization' },
      { PAGE_SIZE: '3', MESSAGES: 'all', SETTLE_SECONDS: '7200' },
    ]) {
      const { length } = under.simulator.requests;
      await under.restart({ USER_IDS, ...settings });
      expect(await under.sync()).toMatchObject({ ...window, chats: failed.chats });
      expect(asked(under, length, 'limit')[0]).toBe(settings.PAGE_SIZE);
      const messages = under.simulator.requests.slice(length).filter(({ path }) => path.endsWith(`${broken}/messages`));
      const asksForTimes = new Set(messages.map(({ query }) => query.includes('created_at')));
      expect(asksForTimes).toEqual(new Set([settings.MESSAGES !== 'all']));
    }

    under.simulator.revokeKey(DEMO_KEY);
    await under.restart();
    expect(await under.sync()).toMatchObject({ ...window, reason: expect.stringMatching(/^Unauthorized/) });
    expect((await under.source.view()).memo).toMatchObject({ syncedThrough: timestamp });

    under.simulator.setKey({ key: DEMO_KEY });
    under.simulator.setFaults();
    expect(await under.sync()).toMatchObject({ ...window, outcome: 'completed', chats: 12, messages: 12 });
    expectExactly(await under.records(), tenant, { to: window.to });
    expect(await under.ledger()).toMatchObject([{ to: timestamp }, { from: timestamp, to: window.to, records: 12 }]);
  });
});

describe('the Web UI', () => {
  test('it shows the settings that each sync ran with, after it has ended and when the next one runs with others', async () => {
    const under = await start({ settings: { ...BACKFILL, PAGE_SIZE: '7' } });
    const first = await under.nextRun();
    await under.sync();
    const second = await under.nextRun();
    await under.restart({ PAGE_SIZE: '9', USER_IDS: 'user_somebody', MESSAGES: 'all' });
    await under.sync();

    expect(await under.currentDetails(first)).toMatch(/Settings \|.*MESSAGES new.*PAGE_SIZE 7,.*\n\| Filters \| none/);
    expect(await under.currentDetails(second)).toMatch(
      /Settings \|.*MESSAGES all.*PAGE_SIZE 9,.*\n\| Filters \| users `user_somebody`/,
    );
  });
});
