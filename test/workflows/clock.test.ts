import { createTenant, truth, type Tenant } from '../../simulator';
import type { Report } from '../../src/domain/state';
import { expectExactly, idsOf } from '../support/exact';
import { startSource, type SourceUnderTest } from '../support/source-under-test';
import { nextSecond } from '../support/until';

let under: SourceUnderTest;
afterEach(() => under.close());

const BACKFILL = { BACKFILL_START: '2026-08-01' };
const HOUR = 3_600_000;
const iso = (ms: number) => new Date(ms).toISOString();
const anHourAgo = () => Math.floor(Date.now() / 1000) * 1000 - HOUR;
const warningsOf = ({ warnings }: Report, of: string) => warnings.filter((warning) => warning.includes(of));

/** Messages in old chats and in a new one, by whatever clock the server has now. */
function change(tenant: Tenant): string[] {
  const all = [...tenant.chats.keys()];
  const chatIds = [...all.slice(0, 2), ...all.slice(-2)];
  return [...chatIds, tenant.addChat().id].map((chatId) => tenant.addMessage(chatId).id);
}

/** Syncs until the timestamp is beyond a time. */
async function syncBeyond(time: number): Promise<Report> {
  for (; ; await nextSecond()) {
    const report = await under.sync();
    expect(report.outcome).toBe('completed');
    if (Date.parse(report.to!) > time) return report;
  }
}

/** The windows follow each other, and every message of them is there once. */
async function expectNothingLost(tenant: Tenant): Promise<void> {
  const ledger = await under.ledger();
  const ends = ledger.map(({ to }) => to);
  expect(ledger.slice(1).map(({ from }) => from)).toEqual(ends.slice(0, -1));
  expect(ends).toEqual(ends.toSorted());
  expect((await under.source.view()).memo?.syncedThrough).toBe(ends.at(-1));
  expectExactly(await under.records(), tenant, { to: ends.at(-1)! });
}

describe("the API server's clock", () => {
  test.each([
    ['an hour ahead', HOUR, true, /clock is 3[56]\d\d s ahead of this one$/],
    ['an hour ahead without saying so', HOUR, false, null],
    ['an hour behind', -HOUR, true, /clock is 36\d\d s behind this one$/],
  ])('it is %s, and later right: nothing is lost or doubled', async (_title, skew, sendDate, warning) => {
    let ahead = skew;
    const clock = () => Date.now() + ahead;
    const tenant = createTenant({ chats: 8, timestamps: { chats: 'seconds', messages: 'millis' } });
    under = await startSource({ simulator: { tenant, clock, sendDate }, settings: BACKFILL });
    let timestamp = NaN;

    for (let syncs = 0; syncs < 2; syncs++) {
      change(tenant);
      const report = await under.sync();
      expect(warningsOf(report, 'clock')).toEqual(warning === null ? [] : [expect.stringMatching(warning)]);
      timestamp = Date.parse(report.to!);
      expect(timestamp).toBeLessThanOrEqual(Math.min(Date.now(), clock()));
      await expectNothingLost(tenant);
    }
    ahead = 0;
    const { id } = tenant.addChat({ at: timestamp });
    const changed = [tenant.addMessage(id, { at: timestamp + 1 }).id, ...change(tenant)];
    const right = await syncBeyond(Date.now());

    expect(right.warnings.join()).not.toContain('clock');
    await expectNothingLost(tenant);
    expect(idsOf(await under.records())).toEqual(expect.arrayContaining(changed));
  });

  test('it is a few seconds ahead: its messages come when this clock is there, without a warning', async () => {
    const clock = () => Date.now() + 3000;
    const tenant = createTenant({ chats: 8 });
    under = await startSource({ simulator: { tenant, clock }, settings: BACKFILL });

    const changed = change(tenant);
    const early = await under.sync();
    await expectNothingLost(tenant);
    const late = await syncBeyond(clock());

    expect([...early.warnings, ...warningsOf(late, 'clock')]).toEqual([]);
    await expectNothingLost(tenant);
    expect(idsOf(await under.records())).toEqual(expect.arrayContaining(changed));
  });

  test('it jumps back behind the timestamp: there is nothing to do until it is beyond that again', async () => {
    let now = anHourAgo();
    const tenant = createTenant({ chats: 5 });
    under = await startSource({ simulator: { tenant, clock: () => now }, settings: BACKFILL });
    const { to } = await under.sync();

    now -= HOUR;
    const report = await under.sync();

    expect(report).toMatchObject({ outcome: 'completed', from: to, to, chats: 0, messages: 0 });
    expect(warningsOf(report, 'clock')).toEqual([
      expect.stringMatching(/72\d\d s behind this one$/),
      expect.stringMatching(/has gone back behind the timestamp.*rewind --to/),
    ]);
    expect((await under.source.view()).memo).toMatchObject({ syncedThrough: to, running: false });
    expect(await under.ledger()).toHaveLength(1);

    now += HOUR;
    change(tenant);
    now += 1000;
    expect(await under.sync()).toMatchObject({ from: to, to: iso(now), messages: 5 });
    await expectNothingLost(tenant);
  });
});

describe("a chat's updated_at", () => {
  test('it is on whole seconds, and windows end within those of its messages: nothing is lost or doubled', async () => {
    const second = anHourAgo();
    let now = second;
    const tenant = createTenant({ chats: 3, timestamps: { chats: 'seconds', messages: 'millis' } });
    under = await startSource({ simulator: { tenant, clock: () => now }, settings: BACKFILL });
    const { id } = tenant.addChat({ at: second - 5000 });

    for (const [step, to] of [
      [-1],
      [0],
      [1, 0],
      [999],
      [1000],
      [1001, 1000],
      [1999],
      [2000],
      [2999, 2000],
      [3000, 3000],
    ]) {
      now = second + step!;
      tenant.addMessage(id);
      tenant.addMessage(tenant.addChat().id);
      if (to === undefined) continue;
      const report = await under.sync();
      expect(report).toMatchObject({ outcome: 'completed', to: iso(second + to) });
      expect(warningsOf(report, 'updated_at')).toEqual([]);
      await expectNothingLost(tenant);
    }
    expect(truth(tenant, { from: second - 1, to: second + 3000 })).toHaveLength(18);
  });

  test('it is earlier than the newest messages: they come, and are counted in a warning', async () => {
    const tenant = createTenant({ chats: 4 });
    const [early, right] = [...tenant.chats.keys()];
    const at = Date.parse('2026-10-10T10:10:10Z');
    for (const ms of [0, 1000, 2000]) tenant.addMessage(early!, { at: at + ms });
    tenant.setUpdatedAt(early!, at + 999);
    tenant.addMessage(right!, { at: at + 999 });
    tenant.setUpdatedAt(right!, at);
    under = await startSource({ simulator: { tenant }, settings: BACKFILL });

    const report = await under.sync();

    expect(report.warnings).toEqual([expect.stringMatching(/^messages newer than their chat's updated_at: 2;/)]);
    await expectNothingLost(tenant);
    expect(warningsOf(await under.sync(), 'updated_at')).toEqual([]);
  });
});
