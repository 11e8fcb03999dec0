import { createTenant, startSimulator, type Simulator } from '../../simulator';
import { ask } from './ask';

const USER_KEY = 'sk-ant-api01-test-users';
const ORGANIZATION_KEY = 'sk-ant-api01-test-organizations';
const AUDIT_KEY = 'sk-ant-api01-test-audit';

let simulator: Simulator;

beforeEach(async () => {
  simulator = await startSimulator({
    tenant: createTenant({ organizations: 2 }),
    rateLimitPerMinute: 5,
    keys: [
      { key: USER_KEY, scopes: ['read:compliance_user_data'] },
      { key: ORGANIZATION_KEY, scopes: ['read:compliance_org_data'] },
      { key: AUDIT_KEY, scopes: ['read:org_audit'] },
    ],
  });
});

afterEach(() => simulator.close());

function paths(): { organizations: string; users: string; chats: string; messages: string } {
  const [organization = ''] = simulator.tenant.organizations.keys();
  const [chat = ''] = simulator.tenant.chats.keys();
  return {
    organizations: '/organizations',
    users: `/organizations/${organization}/users`,
    chats: '/apps/chats',
    messages: `/apps/chats/${chat}/messages`,
  };
}

describe('a key', () => {
  it.each([
    [USER_KEY, { organizations: 403, users: 200, chats: 200, messages: 200 }],
    [ORGANIZATION_KEY, { organizations: 200, users: 403, chats: 403, messages: 403 }],
    [AUDIT_KEY, { organizations: 200, users: 200, chats: 200, messages: 200 }],
  ])('opens what its scopes say: %s', async (key, expected) => {
    const statuses: Record<string, number> = {};
    for (const [name, path] of Object.entries(paths())) statuses[name] = (await ask(simulator, path, key)).status;
    expect(statuses).toEqual(expected);
  });

  it('is told what it got and needed when a scope is missing', async () => {
    const { body } = await ask(simulator, '/organizations', USER_KEY);
    expect(body.error.type).toBe('permission_error');
    expect(body.error.message).toMatch(
      /Got: \[read:compliance_user_data\] Needed .*: \[read:compliance_org_data, read:org_audit\]$/,
    );
  });

  it.each([
    ['missing', null, 404, 'Not found'],
    ['of another kind', 'sk-ant-api03-test', 404, 'Not found'],
    ['empty', '', 404, 'Not found'],
    ['unknown', 'sk-ant-api01-test-nobody', 401, 'API key is invalid.'],
    ['deactivated', 'sk-ant-api01-test-deactivated', 401, 'API key has been deactivated.'],
    ['expired', 'sk-ant-api01-test-expired', 401, 'API key has expired.'],
  ] as const)('is refused when %s', async (_, key, expected, message) => {
    simulator.setKey({ key: 'sk-ant-api01-test-deactivated', state: 'deactivated' });
    simulator.setKey({ key: 'sk-ant-api01-test-expired', state: 'expired' });
    const { status, headers, body } = await ask(simulator, '/apps/chats', key);
    expect(status).toBe(expected);
    const type = status === 404 ? 'not_found_error' : 'authentication_error';
    expect(body).toEqual({ type: 'error', error: { type, message }, request_id: headers.get('request-id') });
    expect(headers.get('x-should-retry')).toBe('false');
    expect(headers.get('request-id')).toMatch(/^req_/);
  });

  it('is refused from the moment it is revoked, and let in again when it is set', async () => {
    simulator.revokeKey(USER_KEY);
    expect((await ask(simulator, '/apps/chats', USER_KEY)).status).toBe(401);
    simulator.setKey({ key: USER_KEY, scopes: [] });
    expect((await ask(simulator, '/apps/chats', USER_KEY)).status).toBe(403);
    simulator.setKey({ key: USER_KEY, scopes: ['read:compliance_user_data'] });
    expect((await ask(simulator, '/apps/chats', USER_KEY)).status).toBe(200);
  });

  it('opens nothing while the Compliance API is switched off', async () => {
    simulator.setApiEnabled(false);
    for (const path of Object.values(paths())) {
      const { status, body } = await ask(simulator, path, AUDIT_KEY);
      expect([status, body.error.message]).toEqual([400, 'Compliance API is not enabled for this organization']);
    }
    simulator.setApiEnabled(true);
    expect((await ask(simulator, '/apps/chats', AUDIT_KEY)).status).toBe(200);
  });

  it('that covers one organization sees nothing of the other, and no author who has left', async () => {
    const { tenant } = simulator;
    const [mine = '', other = ''] = tenant.organizations.keys();
    const leaver = tenant.addUser(mine);
    const chat = tenant.addChat({ organizationUuid: mine, userId: leaver.id });
    const foreign = tenant.addChat({ organizationUuid: other });
    tenant.removeUser(leaver.id);
    simulator.setKey({ key: AUDIT_KEY, scopes: ['read:org_audit'], organizationUuid: mine });

    const listed = (await ask(simulator, '/apps/chats?limit=1000', AUDIT_KEY)).body.data;
    expect(new Set(listed.map((chat) => chat.organization_uuid))).toEqual(new Set([mine]));
    expect(listed.find(({ id }) => id === chat.id)?.user).toBeNull();
    expect((await ask(simulator, `/apps/chats/${foreign.id}/messages`, AUDIT_KEY)).status).toBe(404);
    expect((await ask(simulator, `/organizations/${other}/users`, AUDIT_KEY)).status).toBe(404);
    expect((await ask(simulator, '/organizations', AUDIT_KEY)).body.data).toHaveLength(1);
  });
});

describe('the budget', () => {
  it('is spent by answers and scope failures, not by authentication failures, and then enforced', async () => {
    expect((await ask(simulator, '/apps/chats', AUDIT_KEY)).headers.get('anthropic-ratelimit-requests-limit')).toBe(
      '5',
    );
    expect((await ask(simulator, '/organizations', USER_KEY)).status).toBe(403);
    expect((await ask(simulator, '/apps/chats', null)).status).toBe(404);
    const third = await ask(simulator, '/apps/chats?limit=0', AUDIT_KEY);
    expect(third.status).toBe(400);
    expect(third.headers.get('anthropic-ratelimit-requests-remaining')).toBe('2');
    expect(third.headers.get('anthropic-ratelimit-requests-reset')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

    simulator.spendBudget(10);
    const refused = await ask(simulator, '/apps/chats', AUDIT_KEY);
    expect(refused.status).toBe(429);
    expect(refused.body.error.type).toBe('rate_limit_error');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(12);
  });
});
