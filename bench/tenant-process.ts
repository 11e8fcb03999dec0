import { answer, spec } from '../harness/dialogue';
import { DEMO_KEY, createDemoTenant, createTenant, startSimulator, truth, type Tenant } from '../simulator';
import { factsOf, tenantSpecSchema, type TenantReady, type TenantSpec } from './tenant';

const DAY_MS = 24 * 60 * 60 * 1000;
/** The API's page size. */
const PAGE = 1000;
const USERS_PER_LIST = 10;
/** Every hundredth user is in both organizations. */
const IN_BOTH = 100;

/**
 * Runs the simulator. It has a process of its own because its CPU time is not the product's. Its clock stands still, so
 * that the tenant does not change and the fewest possible requests can be counted beforehand.
 */
async function main(): Promise<void> {
  const wanted = tenantSpecSchema.parse(spec());
  const now = Math.floor(Date.now() / 1000) * 1000;
  const tenant = tenantOf(wanted, now);
  const groups = wanted.users === null ? 0 : groupsOf(tenant);
  const fewest = fewestRequests(tenant, groups);
  const simulator = await startSimulator({
    tenant,
    generation: wanted.users === null ? 'now' : 'legacy',
    clock: () => now,
    latencyMs: (n) => wanted.latenciesMs[Math.floor((n * wanted.latenciesMs.length) / fewest)] ?? 0,
    rateLimitPerMinute: Infinity,
    sendDate: wanted.sendDate,
  });

  const ready: TenantReady = {
    url: simulator.url,
    key: DEMO_KEY,
    backfillStart: new Date(now - 31 * DAY_MS).toISOString(),
    users: tenant.users.size,
    groups,
    fewestRequests: fewest,
  };
  const messageIds = (): string[] => truth(tenant).map(({ id }) => id);
  answer(ready, () => factsOf(simulator.requests, messageIds()));
}

function tenantOf({ users, ...sizes }: TenantSpec, now: number): Tenant {
  if (users === null) return createDemoTenant({ anchor: now, clock: () => now, ...sizes });
  const tenant = createTenant({
    clock: () => now,
    ...sizes,
    organizations: 2,
    usersPerOrganization: users / 2,
    from: now - 30 * DAY_MS,
    to: now - DAY_MS,
  });
  for (const uuid of tenant.organizations.keys()) {
    const strangers = [...tenant.users.keys()].filter((id) => !tenant.isMember(uuid, id));
    for (let i = 0; i < strangers.length; i += IN_BOTH) tenant.addMember(uuid, strangers[i] ?? '');
  }
  return tenant;
}

const pages = (records: number): number => Math.max(1, Math.ceil(records / PAGE));

/** The number of members of each organization. */
function membersOf(tenant: Tenant): number[] {
  return [...tenant.organizations.keys()].map((uuid) => tenant.members(uuid)?.entries().length ?? 0);
}

/** The number of lists that a per-user reader requests, each for ten users of one organization. */
function groupsOf(tenant: Tenant): number {
  return membersOf(tenant).reduce((sum, members) => sum + Math.ceil(members / USERS_PER_LIST), 0);
}

/**
 * The fewest requests: pages of organizations, pages of chats, and pages of messages of each chat. A per-user reader
 * requests, instead of pages of chats: one list that is refused, pages of users, and one list per group (none has over
 * 1000 chats).
 */
function fewestRequests(tenant: Tenant, groups: number): number {
  const { organizations, chats } = tenant;
  const userPages = membersOf(tenant).reduce((sum, members) => sum + pages(members), 0);
  const listPages = groups === 0 ? pages(chats.size) : 1 + userPages + groups;
  const messagePages = [...chats.values()].reduce((sum, chat) => sum + pages(chat.messages.length), 0);
  return pages(organizations.size) + listPages + messagePages;
}

void main();
