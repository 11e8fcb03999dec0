import { createTenant, DEMO_KEY, type Tenant } from '../../simulator';
import { expectExactly } from '../support/exact';
import { startSource, type SourceUnderTest } from '../support/source-under-test';
import { until } from '../support/until';

let under: SourceUnderTest;
afterEach(() => under.close());

const BACKFILL = { BACKFILL_START: '2026-08-01' };
/** In the order of the list. */
const chatIds = (tenant: Tenant) => tenant.chatOrder.updated_at.entries().map(({ item }) => item.id);
const messageRequests = () => under.simulator.requests.filter(({ path }) => path.endsWith('/messages'));

test('it fails at once on a revoked key, and the next sync reads the same window from where it was', async () => {
  const tenant = createTenant({ chats: 30 });
  under = await startSource({ simulator: { tenant }, settings: { ...BACKFILL, PAGE_SIZE: '10' } });
  const lastPage = chatIds(tenant).slice(-1)[0]!;
  under.simulator.setFaults({ targets: [{ chatId: lastPage, kind: '500', times: 1000 }] });
  const request = await under.request();
  await until(async () => messageRequests().some(({ path, status }) => path.includes(lastPage) && status === 500));
  under.simulator.revokeKey(DEMO_KEY);

  const failed = await under.reportOf(request);

  expect(failed).toMatchObject({ outcome: 'failed', from: '2026-08-01T00:00:00.000Z' });
  expect(failed.reason).toMatch(/^Unauthorized: .*401.*ANTHROPIC_COMPLIANCE_ACCESS_KEY/);
  const { memo } = await under.source.view();
  expect(memo).toMatchObject({ syncedThrough: null, running: false, unfinished: { reason: failed.reason } });
  const readBefore = messageRequests().filter(({ status }) => status === 200).length;

  under.simulator.setKey({ key: DEMO_KEY });
  under.simulator.setFaults();
  const report = await under.sync();

  expect(report).toMatchObject({ outcome: 'completed', from: failed.from, to: failed.to, chats: 30 });
  expectExactly(await under.records(), tenant);
  const readTwice = messageRequests().filter(({ status }) => status === 200).length - 30;
  expect(readBefore).toBeGreaterThanOrEqual(20);
  expect(readTwice).toBe(0);
  expect(await under.ledger()).toHaveLength(1);
});

test('it says which scope is missing', async () => {
  under = await startSource({ settings: BACKFILL });
  under.simulator.setKey({ key: DEMO_KEY, scopes: ['read:compliance_org_data'] });

  const report = await under.sync();

  expect(report.outcome).toBe('failed');
  expect(report.reason).toMatch(/^Forbidden: .*read:compliance_user_data/);
});

test('it carries on without the organizations scope, and says so', async () => {
  const tenant = createTenant({ chats: 4 });
  under = await startSource({ simulator: { tenant }, settings: BACKFILL });
  under.simulator.setKey({ key: DEMO_KEY, scopes: ['read:compliance_user_data'] });

  const report = await under.sync();

  expect(report).toMatchObject({ outcome: 'completed', chats: 4 });
  expect(report.warnings.join()).toMatch(/403.*read:compliance_org_data/);
  expectExactly(await under.records(), tenant);
});

test('it reads the rest of the page before a chat that can never be read fails the sync', async () => {
  const tenant = createTenant({ chats: 12 });
  under = await startSource({ simulator: { tenant }, settings: BACKFILL });
  const [broken] = chatIds(tenant);
  under.simulator.setFaults({ targets: [{ chatId: broken!, kind: '500-no-retry', times: 1000 }] });

  const failed = await under.sync();

  expect(failed).toMatchObject({ outcome: 'failed', chats: 11 });
  expect(failed.reason).toContain(broken);
  expect(failed.failure).toEqual({
    type: 'ChatUnreadable',
    chatIds: [broken],
    requestId: expect.stringMatching(/^req_/),
  });
  const before = under.simulator.requests.length;

  under.simulator.setFaults();
  const healed = await under.sync();

  expect(healed).toMatchObject({ outcome: 'completed', to: failed.to, chats: 12 });
  // The organizations, and the one chat: neither the list nor another chat again.
  expect(under.simulator.requests.slice(before)).toHaveLength(2);
  expectExactly(await under.records(), tenant);
});

test('it fails with the chat when an answer is JSON of another shape', async () => {
  const tenant = createTenant({ chats: 3 });
  under = await startSource({ simulator: { tenant }, settings: BACKFILL });
  const [broken] = chatIds(tenant);
  under.simulator.setFaults({ targets: [{ chatId: broken!, kind: 'other-shape', times: 1000 }] });

  const report = await under.sync();

  expect(report.outcome).toBe('failed');
  expect(report.reason).toContain(broken);
});

test('it stops at a cancellation, and the next sync takes up the window', async () => {
  const tenant = createTenant({ chats: 20 });
  under = await startSource({ simulator: { tenant }, settings: BACKFILL });
  const [stuck] = chatIds(tenant);
  under.simulator.setFaults({ targets: [{ chatId: stuck!, kind: '500', times: 1000 }] });
  const request = await under.request();
  await until(async () => messageRequests().some(({ path, status }) => path.includes(stuck!) && status === 500));

  await under.chain.cancel();

  const cancelled = await under.reportOf(request);
  expect(cancelled.reason).toMatch(/^Cancelled/);
  under.simulator.setFaults();
  expect(await under.sync()).toMatchObject({ outcome: 'completed', to: cancelled.to });
  expectExactly(await under.records(), tenant);
});

test('it lets an idle source live on when that is cancelled', async () => {
  under = await startSource({ settings: BACKFILL });
  const { to } = await under.sync();

  await under.chain.cancel();
  const { firstRun } = { firstRun: (await under.chain.describe()).runId };
  await until(async () => (await under.chain.describe()).runId !== firstRun);

  expect((await under.source.view()).memo).toMatchObject({ syncedThrough: to, running: false });
});

test('it revives a source that was terminated in the middle of a sync, whose callers see only success', async () => {
  // More than one part.
  const tenant = createTenant({ chats: 1100, messagesPerChat: 1 });
  under = await startSource({ simulator: { tenant }, settings: BACKFILL });
  const stuck = chatIds(tenant).slice(-1)[0]!;
  under.simulator.setFaults({ targets: [{ chatId: stuck, kind: '500', times: 1000 }] });
  const request = await under.request();
  await until(async () => ((await under.source.view()).memo?.unfinished?.counters.chats ?? 0) >= 1000);

  await under.chain.terminate('by an operator');
  under.simulator.setFaults();
  const report = await under.reportOf(request);

  expect(report).toMatchObject({ outcome: 'completed', chats: 1100 });
  expectExactly(await under.records(), tenant);
  expect(await under.ledger()).toHaveLength(1);
});
