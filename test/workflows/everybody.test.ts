import { createTenant, DEMO_KEY, type Tenant } from '../../simulator';
import { expectExactly } from '../support/exact';
import { refusal, type OwnAnswer } from '../support/gateway';
import { startBehindGateway, type SourceBehindGateway } from '../support/gateway-source';

// What every chat gets is the key's, the settings' or the server's: the sync stops and says so, and nobody is parked.

let under: SourceBehindGateway;
let tenant: Tenant;
afterEach(() => under.close());

const invalid = (message: string): OwnAnswer => refusal(400, 'invalid_request_error', message);
const DISABLED = 'Compliance API is not enabled for this organization';

test.each<[string, OwnAnswer, RegExp]>([
  ['the API is switched off', invalid(DISABLED), /^ApiRefused: .*switched off for this organization/],
  [
    'a parameter is not known',
    invalid("Unknown query parameter: 'tool_result_max_chars'"),
    /^ApiRefused: .*tool_result_max_chars/,
  ],
  ['the version is not taken', invalid('anthropic-version: unknown'), /^ApiRefused: .*anthropic-version/],
  ['something is wrong that nobody knows', invalid('Nope'), /^ApiRefused: \d+ chats in a row .*status 400/],
  ['a policy forbids it', refusal(403, 'permission_error', 'Nope'), /^Forbidden: \d+ chats in a row .*status 403/],
  ['nothing is there', refusal(404, 'not_found_error', 'Nope'), /^ApiRefused: \d+ chats in a row .*status 404/],
  [
    'a method is not taken',
    refusal(405, 'invalid_request_error', 'Nope'),
    /^ApiRefused: \d+ chats in a row .*status 405/,
  ],
])('%s', async (_what, answer, reason) => {
  tenant = createTenant({ chats: 80, messagesPerChat: 1 });
  under = await startBehindGateway({ tenant }, { ON_CHAT_FAILURE: 'park', REQUESTS_PER_SECOND: '200' });
  under.setGateway((page) => (page.chat_messages ? answer : undefined));

  const report = await under.sync();

  expect(report).toMatchObject({ outcome: 'failed', parked: 0, chats: 0 });
  expect(report.reason).toMatch(reason);
  expect(under.simulator.requests.length).toBeLessThan(140);
  // In the middle of a sync too, where some were read before.
  let read = 0;
  under.setGateway((page) => (page.chat_messages && ++read > 35 ? answer : undefined));
  const second = await under.sync();
  expect(second).toMatchObject({ outcome: 'failed', parked: 0, to: report.to });
  expect(second.chats).toBeGreaterThanOrEqual(28);
  under.setGateway();
  expect(await under.sync()).toMatchObject({ outcome: 'completed', parked: 0, to: report.to });
  expectExactly(await under.records(), tenant);
});

test('the API that is switched off altogether says so, whatever is asked for first', async () => {
  tenant = createTenant({ chats: 3 });
  under = await startBehindGateway({ tenant });
  under.simulator.setApiEnabled(false);

  expect((await under.sync()).reason).toMatch(/^ApiRefused: organizations: .*switched off for this organization/);
  under.simulator.setApiEnabled(true);
  expect(await under.sync()).toMatchObject({ outcome: 'completed', chats: 3 });
});

test.each([
  ['deactivated', /^Unauthorized: .*deactivated; once it is enabled again, the same key works/],
  ['expired', /^Unauthorized: .*expired.*set ANTHROPIC_COMPLIANCE_ACCESS_KEY/],
] as const)('a key that is %s', async (state, reason) => {
  tenant = createTenant({ chats: 3 });
  under = await startBehindGateway({ tenant });
  under.simulator.setKey({ key: DEMO_KEY, state });

  const refused = await under.sync();
  expect(refused.reason).toMatch(reason);
  expect(refused.failure).toMatchObject({ type: 'Unauthorized', chatIds: [] });
  under.simulator.setKey({ key: DEMO_KEY });
  expect(await under.sync()).toMatchObject({ outcome: 'completed', chats: 3 });
});

test.each<[string, OwnAnswer, RegExp]>([
  [
    'an organization of another key',
    refusal(403, 'permission_error', "Cannot query compliance data for organizations outside this API key's scope"),
    /^Forbidden: chats: .*outside the access key's reach.*ORGANIZATION_IDS/,
  ],
  ['a limit', invalid('limit must be at most 500'), /^ApiRefused: chats: .*bad-request, status 400/],
  ['the switch', invalid(DISABLED), /^ApiRefused: chats: .*switched off/],
])('a list that is refused for %s is not asked for per user', async (_what, answer, reason) => {
  tenant = createTenant({ chats: 3 });
  under = await startBehindGateway({ tenant });
  under.setGateway((_page, { pathname }) => (pathname.endsWith('/chats') ? answer : undefined));

  const report = await under.sync();

  expect(report.reason).toMatch(reason);
  expect(under.simulator.requests.filter(({ path }) => path.endsWith('/users'))).toEqual([]);
});

test.each([
  [410, 'Gone'],
  [405, 'after_id'],
  [422, 'the cursor'],
])('a later page that is refused with %i is called what it is', async (status, message) => {
  tenant = createTenant({ chats: 12, messagesPerChat: 1 });
  under = await startBehindGateway({ tenant }, { PAGE_SIZE: '5' });
  under.setGateway((_page, { pathname, searchParams }) =>
    pathname.endsWith('/chats') && searchParams.has('after_id')
      ? refusal(status, 'invalid_request_error', message)
      : undefined,
  );

  const report = await under.sync();

  expect(report.reason).toMatch(
    new RegExp(`^ApiRefused: chats: .*(gone-for-good|method-refused|refused), status ${status}`),
  );
  expect(report.reason).not.toContain('cursor');
  under.setGateway();
  expect(await under.sync()).toMatchObject({ outcome: 'completed', chats: 12 });
  expectExactly(await under.records(), tenant);
});
