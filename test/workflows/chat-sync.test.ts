import { createTenant, truth, type Tenant } from '../../simulator';
import { expectExactly, idsOf } from '../support/exact';
import { startSource, type SourceUnderTest } from '../support/source-under-test';
import { until } from '../support/until';

let under: SourceUnderTest;
afterEach(() => under.close());

const BACKFILL = { BACKFILL_START: '2026-08-01' };
const firstChat = (tenant: Tenant) => [...tenant.chats.values()][0]!;
const paths = () => under.simulator.requests.map((request) => request.path);

describe('a backfill', () => {
  test('it emits every message once, with its chat, user, organization and project', async () => {
    const tenant = createTenant({ chats: 25, organizations: 2 });
    under = await startSource({ simulator: { tenant }, settings: BACKFILL });

    const report = await under.sync();

    const expected = truth(tenant);
    expect(report).toMatchObject({
      outcome: 'completed',
      chats: 25,
      messages: expected.length,
      requests: 27,
      warnings: [],
    });
    const records = await under.records();
    expect(idsOf(records)).toEqual(idsOf(expected));
    for (const message of expected) {
      expect(records.find((record) => record.id === message.id)).toMatchObject({
        role: message.role,
        created_at: message.createdAt,
        chat_id: message.chatId,
        chat_name: message.chatName,
        chat_user: { id: message.userId },
        organization_id: message.organizationId,
        organization_uuid: message.organizationUuid,
        project_id: message.projectId ?? '',
      });
    }
    const [line] = await under.ledger();
    expect(line).toMatchObject({ epoch: 0, from: '2026-08-01T00:00:00.000Z', outcome: 'completed', chats: 25 });
    expect(line).toMatchObject({ to: report.to, records: expected.length });
  });

  test('it reads chats of thousands of messages page by page, in order', async () => {
    const tenant = createTenant({ chats: 3, bigChats: [2500], messagesPerChat: 2 });
    under = await startSource({ simulator: { tenant }, settings: { ...BACKFILL, PAGE_SIZE: '400' } });

    await under.sync();

    const records = await under.records();
    expectExactly(records, tenant);
    for (const chat of tenant.chats.values()) {
      const times = records.filter((record) => record.chat_id === chat.id).map((record) => record.created_at);
      expect(times).toEqual(times.toSorted());
    }
  });

  test('it goes on in a new run in the middle of a page when the history has grown', async () => {
    // More chats than are scheduled ahead.
    const tenant = createTenant({ chats: 640, messagesPerChat: 1 });
    under = await startSource({ simulator: { tenant }, settings: BACKFILL, policy: { maxHistoryEvents: 100 } });

    const report = await under.sync();

    expectExactly(await under.records(), tenant);
    expect(report).toMatchObject({ outcome: 'completed', chats: 640, requests: 642 });
    expect((await under.ledger()).length).toBe(1);
    const runs = under.client.workflow.count(`WorkflowId = '${under.chain.workflowId}'`);
    expect((await runs).count).toBeGreaterThan(2);
  });

  test('it loses and doubles nothing while a tenth of the requests fails', async () => {
    const tenant = createTenant({ chats: 40 });
    const simulator = { tenant, faults: { rate: 0.1, seed: 7 } };
    under = await startSource({ simulator, settings: BACKFILL, serverHangs: true });

    const report = await under.sync();

    expectExactly(await under.records(), tenant);
    expect(report.outcome).toBe('completed');
    expect(report.requests).toBe(under.simulator.requests.length);
  });
});

describe('a later sync', () => {
  test('it brings new messages of old and new chats, renamed and moved ones too, and nothing again', async () => {
    let now = Date.now() - 3_600_000;
    const tenant = createTenant({ chats: 12 });
    under = await startSource({ simulator: { tenant, clock: () => now }, settings: BACKFILL });
    await under.sync();

    const [one, two, three] = [...tenant.chats.values()];
    tenant.addMessage(one!.id);
    tenant.renameChat(one!.id, 'Renamed');
    tenant.moveChat(two!.id, null);
    tenant.deleteChat(three!.id);
    const fresh = tenant.addChat({ name: 'Fresh' });
    tenant.addMessage(fresh.id);
    now += 60_000;
    const report = await under.sync();

    expect(report).toMatchObject({ outcome: 'completed', messages: 2 });
    expectExactly(await under.records(), tenant);
    const renamed = (await under.records()).filter((record) => record.chat_name === 'Renamed');
    expect(renamed).toHaveLength(1);
  });

  test('however many wait for a sync, it runs', async () => {
    const tenant = createTenant({ chats: 30 });
    under = await startSource({ simulator: { tenant }, settings: { ...BACKFILL, REQUESTS_PER_SECOND: '10' } });
    const requests = await Promise.all(Array.from({ length: 130 }, () => under.request()));
    const reports = await Promise.all(requests.map((request) => under.reportOf(request)));
    expect(new Set(reports.map(({ outcome }) => outcome))).toEqual(new Set(['completed']));
    expectExactly(await under.records(), tenant);
  });

  test('it does nothing, and moves nothing, while there is no whole second to read', async () => {
    const now = Date.now() - 3_600_000;
    under = await startSource({ simulator: { clock: () => now }, settings: BACKFILL });
    const first = await under.sync();

    const second = await under.sync();

    expect(second).toMatchObject({ outcome: 'completed', from: first.to, to: first.to, chats: 0, requests: 0 });
    expect(await under.ledger()).toHaveLength(1);
  });
});

describe('a tenant that changes while it is read', () => {
  test.each([1, 2, 3])('it comes out exactly once over several syncs, faults and new runs, seed %i', async (seed) => {
    const tenant = createTenant({ chats: 30, seed });
    under = await startSource({
      simulator: { tenant, live: { every: 3, seed }, faults: { rate: 0.03, seed, kinds: ['500', '503', 'cut-body'] } },
      settings: { ...BACKFILL, PAGE_SIZE: '7' },
      policy: { maxHistoryEvents: 80 },
    });

    let to = '';
    for (let syncs = 0; syncs < 3; syncs++) {
      const report = await under.sync();
      expect(report.outcome).toBe('completed');
      to = report.to ?? '';
    }

    const gone = new Set(tenant.hardDeletedChats.keys());
    const records = (await under.records()).filter((record) => !gone.has(record.chat_id));
    expectExactly(records, tenant, { to });
  });
});

describe('chats that are gone', () => {
  test('it counts a chat that answers 404 and completes', async () => {
    const tenant = createTenant({ chats: 5 });
    under = await startSource({ simulator: { tenant }, settings: BACKFILL });
    const { id } = firstChat(tenant);
    // Deleted between the page that lists it and its messages.
    under.simulator.setFaults({ targets: [{ chatId: id, kind: '503' }] });
    const request = await under.request();
    await until(() => paths().some((path) => path.includes(id)));
    tenant.hardDeleteChat(id);

    const report = await under.reportOf(request);

    expect(report).toMatchObject({ outcome: 'completed', chats: 4, gone: 1 });
    expectExactly(await under.records(), tenant);
  });
});

describe('filters', () => {
  test('it asks the server for organizations and leaves out other projects and users before a chat costs a request', async () => {
    const tenant = createTenant({ chats: 40, organizations: 2, usersPerOrganization: 3 });
    const all = truth(tenant);
    const sample = all.find((message) => message.projectId !== null)!;
    const wanted = all.filter(
      (message) => message.projectId === sample.projectId && message.organizationUuid === sample.organizationUuid,
    );
    const projectId = sample.projectId!.replace('claude_', '');
    under = await startSource({
      simulator: { tenant },
      settings: { ...BACKFILL, ORGANIZATION_IDS: sample.organizationUuid, PROJECT_IDS: projectId },
    });

    const report = await under.sync();

    expect(idsOf(await under.records())).toEqual(idsOf(wanted));
    expect(report.skipped).toBeGreaterThan(0);
    expect(paths().filter((path) => path.endsWith('/messages'))).toHaveLength(report.chats);
  });
});
