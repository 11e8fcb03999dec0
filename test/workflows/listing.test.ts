import { createTenant, DEMO_KEY, GENERATIONS, type KeySpec, type Tenant, type TrueMessage } from '../../simulator';
import type { Environment } from '../../src/config/environment';
import type { ListingMode } from '../../src/domain/checkpoint';
import { expectExactly } from '../support/exact';
import { startSource, type SourceUnderTest, type UnderTestOptions } from '../support/source-under-test';

const LISTINGS = ['auto', 'organization', 'per-user'] as const;
type Listing = (typeof LISTINGS)[number];
/** What comes of each setting; null: nothing that the server takes. */
const FORMS: Record<(typeof GENERATIONS)[number], Record<Listing, ListingMode | null>> = {
  now: { auto: 'organization', organization: 'organization', 'per-user': 'per-user-by-creation' },
  mid: { auto: 'organization', organization: 'organization', 'per-user': 'per-user' },
  legacy: { auto: 'per-user', organization: null, 'per-user': 'per-user' },
};
const TABLE = GENERATIONS.flatMap((generation) =>
  LISTINGS.map((listing) => ({ generation, listing, form: FORMS[generation][listing] })),
);
const BACKFILL = { BACKFILL_START: '2026-08-01' };
const USER_DATA_ONLY: KeySpec[] = [{ key: DEMO_KEY, scopes: ['read:compliance_user_data'] }];

const tenant = populated();
const organizations = [...tenant.organizations.values()];
const first = organizations[0]!;
const second = organizations[1]!;
const [projectOfFirst, ...otherProjects] = [...tenant.projects.keys()] as [string, ...string[]];
const users = [...tenant.users.keys()];
const someUsers = users.filter((_, index) => index % 2 === 0);
const isMember = (userId: string | null): boolean =>
  userId !== null && organizations.some(({ uuid }) => tenant.isMember(uuid, userId));

/** Two organizations, guests from one in the other, someone who has left, and a chat of nobody. */
function populated(): Tenant {
  const made = createTenant({ organizations: 2, usersPerOrganization: 23, chats: 40, messagesPerChat: [1, 4] });
  const [one, two] = [...made.organizations.keys()] as [string, string];
  const people = [...made.users.keys()];
  for (const guest of people.slice(0, 8)) made.addMember(two, guest);
  const [emigrant, leaver] = people.slice(20, 22) as [string, string];
  const at = '2026-09-10T10:00:00Z';
  for (const userId of [emigrant, leaver, null]) {
    made.addMessage(made.addChat({ organizationUuid: one, userId, at }).id, { at });
  }
  // One who moved to the other organization, whose old chats stayed behind; and one who left for good.
  made.addMember(two, emigrant);
  made.removeUser(emigrant, one);
  made.removeUser(leaver);
  return made;
}

type Filter = [name: string, settings: Environment, wanted: (message: TrueMessage) => boolean];
const inProjects =
  (projects: string[]) =>
  ({ projectId }: TrueMessage) =>
    projects.includes(projectId ?? '');
const ofUsers =
  (ids: string[]) =>
  ({ userId }: TrueMessage) =>
    ids.includes(userId ?? '');
const FILTERS: Filter[] = [
  ['nothing', {}, () => true],
  ['UUID', { ORGANIZATION_IDS: first.uuid.toUpperCase() }, ({ organizationUuid }) => organizationUuid === first.uuid],
  ['org_', { ORGANIZATION_IDS: second.id }, ({ organizationId }) => organizationId === second.id],
  [
    'projects',
    { PROJECT_IDS: [projectOfFirst, ...otherProjects.slice(1).map((id) => id.replace('claude_', ''))].join() },
    inProjects([projectOfFirst, ...otherProjects.slice(1)]),
  ],
  ['users', { USER_IDS: someUsers.join() }, ofUsers(someUsers)],
  [
    'all of them',
    { ORGANIZATION_IDS: [first.uuid, second.id].join(), PROJECT_IDS: projectOfFirst, USER_IDS: someUsers.join() },
    (message) => ofUsers(someUsers)(message) && inProjects([projectOfFirst])(message),
  ],
];

const running: SourceUnderTest[] = [];
async function start(options: UnderTestOptions): Promise<SourceUnderTest> {
  const under = await startSource({ ...options, settings: { ...BACKFILL, ...options.settings } });
  running.push(under);
  return under;
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((under) => under.close()));
});

const refusedLists = ({ simulator }: SourceUnderTest): number =>
  simulator.requests.filter(({ status }) => status === 400).length;

describe.each(TABLE)('LISTING=$listing with a server of generation $generation', ({ generation, listing, form }) => {
  const settings = { LISTING: listing };

  if (form === null) {
    test('it fails, and says what to set', async () => {
      const under = await start({ simulator: { tenant, generation }, settings });
      const { outcome, reason } = await under.sync();

      expect(outcome).toBe('failed');
      expect(reason).toMatch(/^ApiRefused: organization-wide: chats: .*400.*set LISTING=auto/);
      expect(refusedLists(under)).toBe(1);
    });
    return;
  }
  const perUser = form !== 'organization';
  const visible = (named: boolean) => (message: TrueMessage) => !perUser || named || isMember(message.userId);

  test('it brings exactly what each filter lets pass', async () => {
    const cells = FILTERS.map(async ([name, filter, wanted]) => {
      const under = await start({ simulator: { tenant, generation }, settings: { ...settings, ...filter } });
      const { outcome, warnings } = await under.sync();
      expect([name, outcome]).toEqual([name, 'completed']);
      expect(warnings.filter((warning) => !/without|LISTING=per-user/.test(warning))).toEqual([]);
      const seen = visible(filter['USER_IDS'] !== undefined);
      expectExactly(await under.records(), tenant, { wanted: (message) => wanted(message) && seen(message) });
    });
    await Promise.all(cells);
  });

  test('it works with a key for one organization', async () => {
    const keys = [{ key: DEMO_KEY, organizationUuid: first.uuid }];
    const under = await start({ simulator: { tenant, generation, keys }, settings });
    await under.sync();

    const wanted = (message: TrueMessage): boolean =>
      message.organizationUuid === first.uuid &&
      (!perUser || (message.userId !== null && tenant.isMember(first.uuid, message.userId)));
    expectExactly(await under.records(), tenant, { wanted });
  });

  test('it needs the scope for organizations only where it has to find the users', async () => {
    const simulator = { tenant, generation, keys: USER_DATA_ONLY };
    const everyone = await start({ simulator, settings });
    const named = await start({ simulator, settings: { ...settings, USER_IDS: someUsers.join() } });
    const report = await everyone.sync();

    expect((await named.sync()).outcome).toBe('completed');
    expectExactly(await named.records(), tenant, { wanted: ofUsers(someUsers) });
    if (perUser) {
      expect(report.reason).toMatch(/^Forbidden: .*read:compliance_org_data.*USER_IDS/);
    } else {
      expect(report.warnings.join()).toMatch(/may not list organizations/);
      expectExactly(await everyone.records(), tenant);
    }
  });

  test('it wastes no more than one request, and the Web UI shows the form with the reason, and the settings', async () => {
    const under = await start({ simulator: { tenant, generation }, settings });
    const runId = await under.nextRun();
    const { requests, warnings } = await under.sync();

    const isFirstChoice = form === (listing === 'per-user' ? 'per-user' : 'organization');
    expect(refusedLists(under)).toBe(isFirstChoice ? 0 : 1);
    expect(requests).toBe(under.simulator.requests.length);
    const details = await under.currentDetails(runId);
    expect(details).toContain(`LISTING ${listing}`);
    expect(details).toMatch(isFirstChoice ? /Listing \| [^;]* \|/ : /Listing \| per user.*refuses the .* list.*400/);
    expect(details).toMatch(perUser ? /Listing \| per user/ : /Listing \| organization-wide/);
    const reason = isFirstChoice ? / nobody$/ : / nobody: the server refuses .*400/;
    expect(warnings).toEqual([
      ...(form === 'per-user-by-creation'
        ? [expect.stringMatching(/in the order of creation only.*LISTING=auto/)]
        : []),
      ...(perUser ? [expect.stringMatching(reason)] : []),
    ]);
    expect(warnings.join()).not.toContain('request-id');
  });

  // The others ask the same of the same rules.
  const isOneOfAKind = listing === 'auto' ? generation !== 'mid' : listing === 'per-user' && generation !== 'legacy';
  if (!isOneOfAKind) return;
  test('a tenant that changes while it is read comes out exactly once over several syncs', async () => {
    const seed = `${generation} ${listing}`;
    const options = { organizations: 2, usersPerOrganization: 23, chats: 40, seed };
    const changing = createTenant(options);
    for (const guest of [...changing.users.keys()].slice(0, 8))
      changing.addMember([...changing.organizations.keys()][1]!, guest);
    const under = await start({
      simulator: {
        tenant: changing,
        generation,
        live: { every: 3, seed },
        faults: { rate: 0.03, seed, kinds: ['500', '503', 'cut-body'] },
      },
      settings: { ...settings, PAGE_SIZE: '7' },
      policy: { maxHistoryEvents: 150 },
    });
    let to: string | null = null;
    for (let syncs = 0; syncs < 3; syncs++) {
      const report = await under.sync();
      expect(report.outcome).toBe('completed');
      to = report.to;
      if (syncs === 1) changing.removeUser([...changing.users.keys()][3]!);
    }

    const gone = new Set(changing.hardDeletedChats.keys());
    const records = (await under.records()).filter((record) => !gone.has(record.chat_id));
    const left = [...changing.users.keys()][3];
    expectExactly(records, changing, { to: to ?? '', mayMiss: ({ userId }) => perUser && userId === left });
  });
});

test('an organization that the key does not reach is a warning, in the report and in the Web UI', async () => {
  const absent = '550e8400-e29b-41d4-a716-446655440000';
  const settings = { ORGANIZATION_IDS: [second.uuid, 'org_unknown', absent].join(), PAGE_SIZE: '1' };
  const under = await start({ simulator: { tenant }, settings });
  const runId = await under.nextRun();

  expect((await under.sync()).warnings).toEqual([`ORGANIZATION_IDS: the key reaches no organization ${absent}`]);
  expect(await under.currentDetails(runId)).toContain(absent);
  expectExactly(await under.records(), tenant, { wanted: (message) => message.organizationUuid === second.uuid });
});

test('a server that was upgraded is asked organization-wide again, also by a key that cannot find the users', async () => {
  const under = await start({ simulator: { tenant, generation: 'legacy', keys: USER_DATA_ONLY } });
  expect((await under.sync()).reason).toMatch(/^Forbidden: .*USER_IDS.*refuses the organization-wide list.*400/);

  under.simulator.setGeneration('now');
  expect((await under.sync()).outcome).toBe('completed');
  expectExactly(await under.records(), tenant);
});

test('users are looked for in organizations that have any', async () => {
  const nobody = createTenant({ usersPerOrganization: 0, chats: 3 });
  const under = await start({ simulator: { tenant: nobody, generation: 'legacy' } });

  expect((await under.sync()).reason).toMatch(/^ApiRefused: users: no organization has any; .*400/);
});

test('more organizations than a URL holds are compared here, where the server tells them', async () => {
  const ids = Array.from({ length: 100 }, (_, index) => `org_${index}`);
  const settings = { ORGANIZATION_IDS: [first.id, ...ids].join() };
  const told = await start({ simulator: { tenant }, settings });
  const untold = await start({ simulator: { tenant, absent: true }, settings });

  await told.sync();
  expectExactly(await told.records(), tenant, { wanted: (message) => message.organizationUuid === first.uuid });
  expect((await untold.sync()).reason).toMatch(/^ApiRefused: .*give UUIDs/);
});
