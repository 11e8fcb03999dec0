import type { SimulatorOptions } from '../../simulator';
import type { Request } from './ask';
import { NOT_FOUND, ONE, testRules, that, TWO, type Rule } from './rules';

const USER_KEY = 'sk-ant-api01-test-users';
const ORGANIZATION_KEY = 'sk-ant-api01-test-organizations';
const AUDIT_KEY = 'sk-ant-api01-test-audit';
const server = (): SimulatorOptions => ({
  keys: [
    { key: USER_KEY, scopes: ['read:compliance_user_data'] },
    { key: ORGANIZATION_KEY, scopes: ['read:compliance_org_data'] },
    { key: AUDIT_KEY, scopes: ['read:org_audit'] },
    { key: 'sk-ant-api01-test-deactivated', state: 'deactivated' },
    { key: 'sk-ant-api01-test-expired', state: 'expired' },
  ],
});
const LIST = '/apps/chats';
const by = (key: string | null, path = LIST): Request => ({ path, key });

const PATHS = ['/organizations', `/organizations/${ONE}/users`, LIST, `${LIST}/a/messages`];
const opens = (key: string, ...statuses: number[]): Rule => [
  `opens what its scopes say: ${key}`,
  ...PATHS.flatMap((path, index) => [by(key, path), { status: statuses[index]! }]),
];
const refused = (what: string, key: string | null, status: number, message: string): Rule => [
  `is refused when ${what}`,
  by(key),
  that(({ headers, body, ...answer }) => {
    const type = status === 404 ? 'not_found_error' : 'authentication_error';
    expect([answer.status, headers.get('x-should-retry')]).toEqual([status, 'false']);
    expect(body).toEqual({ type: 'error', error: { type, message }, request_id: headers.get('request-id') });
    expect(headers.get('request-id')).toMatch(/^req_/);
  }),
];
const SCOPES = /Got: \[read:compliance_user_data\] Needed .*: \[read:compliance_org_data, read:org_audit\]$/;
const missing = { type: 'permission_error', message: expect.stringMatching(SCOPES) as unknown };
const off = { status: 400, body: { error: { message: 'Compliance API is not enabled for this organization' } } };

testRules(
  'a key',
  LIST,
  [
    opens(USER_KEY, 403, 200, 200, 200),
    opens(ORGANIZATION_KEY, 200, 403, 403, 403),
    opens(AUDIT_KEY, 200, 200, 200, 200),
    ['is told what it got and needed', by(USER_KEY, '/organizations'), { status: 403, body: { error: missing } }],
    refused('missing', null, 404, 'Not found'),
    refused('of another kind', 'sk-ant-api03-test', 404, 'Not found'),
    refused('empty', '', 404, 'Not found'),
    refused('unknown', 'sk-ant-api01-test-nobody', 401, 'API key is invalid.'),
    refused('deactivated', 'sk-ant-api01-test-deactivated', 401, 'API key has been deactivated.'),
    refused('expired', 'sk-ant-api01-test-expired', 401, 'API key has expired.'),
    [
      'is refused from the moment it is revoked, and let in again when it is set',
      (simulator) => simulator.revokeKey(USER_KEY),
      ...[by(USER_KEY), '401 authentication_error'],
      (simulator) => simulator.setKey({ key: USER_KEY, scopes: [] }),
      ...[by(USER_KEY), '403 permission_error'],
      (simulator) => simulator.setKey({ key: USER_KEY, scopes: ['read:compliance_user_data'] }),
      ...[by(USER_KEY), 'abcdefgh'],
    ],
    [
      'opens nothing while the Compliance API is switched off',
      (simulator) => simulator.setApiEnabled(false),
      ...PATHS.flatMap((path) => [by(AUDIT_KEY, path), off]),
      (simulator) => simulator.setApiEnabled(true),
      ...[by(AUDIT_KEY), 'abcdefgh'],
    ],
    [
      'that covers one organization sees nothing of the other, and no author who has left',
      ({ tenant }) => ['user_1', 'user_2'].forEach((id) => tenant.addMember(TWO, id)),
      ({ tenant }) => tenant.removeUser('user_1', TWO),
      (simulator) => simulator.setKey({ key: AUDIT_KEY, scopes: ['read:org_audit'], organizationUuid: TWO }),
      ...[by(AUDIT_KEY), 'efgh', by(AUDIT_KEY, '/organizations'), '2'],
      ...[by(AUDIT_KEY, `${LIST}?limit=2`), { body: { data: [{ user: null }, { user: { id: 'user_2' } }] } }],
      ...[by(AUDIT_KEY, `${LIST}/a/messages`), NOT_FOUND, by(AUDIT_KEY, `/organizations/${ONE}/users`), NOT_FOUND],
    ],
  ],
  server,
);

const left = (requests: string): object => ({
  'anthropic-ratelimit-requests-limit': '5',
  'anthropic-ratelimit-requests-remaining': requests,
  'anthropic-ratelimit-requests-reset': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as unknown,
});

testRules(
  'the budget',
  LIST,
  [
    [
      'is spent by answers and scope failures, not by authentication failures',
      ...[by(AUDIT_KEY), { headers: left('4') }, by(USER_KEY, '/organizations'), '403 permission_error'],
      ...[by(null), NOT_FOUND, by(AUDIT_KEY, `${LIST}?limit=0`), { status: 400, headers: left('2') }],
    ],
    [
      'is enforced, whoever has spent it',
      (simulator) => simulator.spendBudget(10),
      ...[by(AUDIT_KEY), '429 rate_limit_error', by(AUDIT_KEY)],
      that(({ headers }) => {
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
        expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(12);
      }),
    ],
  ],
  () => ({ ...server(), rateLimitPerMinute: 5 }),
);
