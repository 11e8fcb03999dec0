import { fittingItems } from '../../src/activities/list-items';
import { listedChatSchema, organizationSchema } from '../../src/compliance-api/schemas';
import {
  DEMO_KEY,
  HANGING_FAULT_KINDS,
  startSimulator,
  createTenant,
  truth,
  type FaultKind,
  type Simulator,
  type SimulatorOptions,
} from '../../simulator';
import type { ComplianceApi } from '../../src/compliance-api/client';
import { ApiError, recoveryOf } from '../../src/compliance-api/errors';
import { createPacer } from '../../src/compliance-api/pacer';
import type { ChatQuery } from '../../src/compliance-api/query';
import type { ComplianceApiOptions } from '../../src/compliance-api/options';
import { clientOf, closeAll } from './local-server';
import { used } from './used';

const simulators: Simulator[] = [];
afterEach(async () => {
  await closeAll();
  await Promise.all(simulators.splice(0).map((simulator) => simulator.close()));
});

async function setUp(options: SimulatorOptions = {}, clientOptions: Partial<ComplianceApiOptions> = {}) {
  const tenant = createTenant({ chats: 23, messagesPerChat: [0, 12] });
  const simulator = await startSimulator({ tenant, rateLimitPerMinute: Infinity, ...options });
  simulators.push(simulator);
  const api = clientOf(simulator.url, { accessKey: () => DEMO_KEY, ...clientOptions });
  return { tenant, simulator, api };
}

async function chatIds(api: ComplianceApi, query: ChatQuery): Promise<string[]> {
  const ids: string[] = [];
  let after_id: string | null | undefined;
  do {
    const { body } = await api.listChats({ ...query, after_id: after_id ?? undefined });
    ids.push(...fittingItems(body.data, listedChatSchema, null).fitting.map(({ id }) => id));
    after_id = body.has_more ? body.last_id : null;
  } while (after_id);
  return ids;
}

async function messageIds(api: ComplianceApi, chatId: string, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let after_id: string | null | undefined;
  do {
    const { body } = await used(api.getChatMessages(chatId, { limit, after_id: after_id ?? undefined }, {}), (page) => {
      ids.push(...page.chat_messages.map(({ id }) => id));
      return Promise.resolve(page.has_more ? page.last_id : null);
    });
    after_id = body;
  } while (after_id);
  return ids;
}

describe('the client with the demo tenant', () => {
  it.each([undefined, '/gateway'])('reads every message once, page after page (path prefix %p)', async (pathPrefix) => {
    const { tenant, api } = await setUp({ pathPrefix });
    const chats = await chatIds(api, { limit: 5, order_by: 'updated_at', 'updated_at.gte': '2020-01-01T00:00:00Z' });
    expect(chats).toHaveLength(23);
    const read: string[] = [];
    for (const chatId of chats) read.push(...(await messageIds(api, chatId, 4)));
    expect(read.sort()).toEqual(
      truth(tenant)
        .map(({ id }) => id)
        .sort(),
    );
  });

  it.each([false, true])('lists organizations and users (absent fields: %p)', async (absent) => {
    const { api } = await setUp({ absent });
    const organizations = await api.listOrganizations({ limit: 10 });
    const [{ uuid } = { uuid: '' }] = fittingItems(organizations.body.data, organizationSchema, null).fitting;
    expect(organizations.requestId).toMatch(/^req_/);
    expect(organizations.serverTimeMs).toEqual(expect.any(Number));
    expect((await api.listOrganizationUsers(uuid, { limit: 100 })).body.data).toHaveLength(5);
    await expect(api.listOrganizationUsers('00000000-0000-0000-0000-000000000000', {})).rejects.toMatchObject({
      kind: 'perhaps-gone',
    });
  });

  it('reads organizations of a server that does not page', async () => {
    const { api } = await setUp({ generation: 'legacy' });
    expect((await api.listOrganizations({})).body.data).toHaveLength(1);
    await expect(api.listChats({})).rejects.toMatchObject({
      kind: 'query-refused',
      errorType: 'invalid_request_error',
    });
  });

  it('names the missing scope, and the revoked key', async () => {
    const keys = [{ key: DEMO_KEY, scopes: ['read:compliance_user_data' as const] }];
    const { api, simulator } = await setUp({ keys });
    await expect(api.listOrganizations({})).rejects.toMatchObject({
      kind: 'forbidden',
      missingScopes: ['read:compliance_org_data', 'read:org_audit'],
      serverTimeMs: expect.any(Number) as number,
    });
    simulator.revokeKey(DEMO_KEY);
    await expect(api.listChats({})).rejects.toMatchObject({ kind: 'unauthorized', errorType: 'authentication_error' });
  });

  it('takes a hard-deleted chat for gone', async () => {
    const { api } = await setUp();
    const error: unknown = await messageIds(api, 'claude_chat_unknown', 10).catch((reason: unknown) => reason);
    expect(error instanceof ApiError && recoveryOf(error)).toBe('gone');
  });

  it("learns the API's budget from its answers", async () => {
    const { simulator } = await setUp({ rateLimitPerMinute: 600 });
    const pacer = createPacer({ requestsPerSecond: 100, workers: 1 });
    await clientOf(simulator.url, { accessKey: () => DEMO_KEY, pacer }).listOrganizations({});
    expect(pacer.budgetRemaining()).toBe(599);
  });

  const faults: [FaultKind, ApiError['kind']][] = [
    ['500', 'server-error'],
    ['500-no-retry', 'never'],
    ['502-html', 'overloaded'],
    ['503', 'overloaded'],
    ['504', 'overloaded'],
    ['529', 'overloaded'],
    ['429', 'rate-limited'],
    ['429-bare', 'rate-limited'],
    ['reset', 'network'],
    ['cut-body', 'cut-short'],
    ['wrong-length', 'cut-short'],
    ['cut-json', 'cut-short'],
    ['other-shape', 'unexpected-shape'],
    ['no-headers', 'timeout'],
    ['drip', 'timeout'],
    ['redirect', 'redirect'],
    ['huge', 'too-large'],
  ];
  it.each(faults)('makes of the fault %s a %s, and reads the same page the next time', async (fault, kind) => {
    const timeouts = HANGING_FAULT_KINDS.includes(fault) ? { headersMs: 300, bodyMs: 300, wholeBodyMs: 600 } : {};
    const faults = { targets: [{ kind: fault, path: /chats$/ }] };
    const { simulator, api } = await setUp({ faults }, { timeouts, bodyCapBytes: 4 * 1024 * 1024 });
    await expect(api.listChats({ limit: 3 })).rejects.toMatchObject({ name: 'ApiError', kind, endpoint: 'chats' });
    expect(simulator.requests).toHaveLength(1);
    const again = clientOf(simulator.url, { accessKey: () => DEMO_KEY });
    expect((await again.listChats({ limit: 3 })).body.data).toHaveLength(3);
  });

  it('reads what comes compressed', async () => {
    const { api } = await setUp({ faults: { targets: [{ kind: 'gzip', path: /chats$/ }] } });
    expect((await api.listChats({ limit: 3 })).body.data).toHaveLength(3);
  });
});
