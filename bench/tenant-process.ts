import { answer, spec } from '../harness/dialogue';
import { DEMO_KEY, createDemoTenant, createTenant, startSimulator, truth, type Tenant } from '../simulator';
import { factsOf, tenantSpecSchema, type TenantReady, type TenantSpec } from './tenant';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Of the API's lists. */
const PAGE = 1000;
const USERS_PER_LIST = 10;
/** One of so many users is in both organizations. */
const IN_BOTH = 100;

/**
 * The simulator in a process of its own: what it costs is not the product's. Its clock stands still, so that the tenant
 * is the same from the first request to the last, and the fewest requests can be counted beforehand.
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

/** How many each organization has. */
function membersOf(tenant: Tenant): number[] {
  return [...tenant.organizations.keys()].map((uuid) => tenant.members(uuid)?.entries().length ?? 0);
}

/** Ten of an organization's users share a list; those of a page make whole lists. */
function groupsOf(tenant: Tenant): number {
  return membersOf(tenant).reduce((sum, members) => sum + Math.ceil(members / USERS_PER_LIST), 0);
}

/**
 * One for the organizations, one per 1000 chats listed, one per chat, one per further 1000 messages of a chat. Per user,
 * instead of the chats' list: the one that is refused, one per 1000 users of an organization, one per group (none has more
 * than 1000 chats).
 */
function fewestRequests(tenant: Tenant, groups: number): number {
  const { organizations, chats } = tenant;
  const userPages = membersOf(tenant).reduce((sum, members) => sum + pages(members), 0);
  const listPages = groups === 0 ? pages(chats.size) : 1 + userPages + groups;
  const messagePages = [...chats.values()].reduce((sum, chat) => sum + pages(chat.messages.length), 0);
  return pages(organizations.size) + listPages + messagePages;
}

void main();
