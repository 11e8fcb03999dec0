import { DEMO_KEY, createDemoTenant, startSimulator, truth, type Tenant } from '../simulator';
import { tenantSpecSchema, type TenantFacts, type TenantReady } from './tenant';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Of the API's lists. */
const PAGE = 1000;

/**
 * The simulator in a process of its own: what it costs is not the product's. Its clock stands still, so that the tenant
 * is the same from the first request to the last, and the fewest requests can be counted beforehand.
 */
async function main(): Promise<void> {
  const { chats, messagesPerChat, bigChats, latencyMs } = tenantSpecSchema.parse(JSON.parse(process.argv[2] ?? '{}'));
  const now = Math.floor(Date.now() / 1000) * 1000;
  const tenant = createDemoTenant({ anchor: now, clock: () => now, chats, messagesPerChat, bigChats });
  const simulator = await startSimulator({ tenant, clock: () => now, latencyMs, rateLimitPerMinute: Infinity });

  process.on('message', () => {
    const { requests } = simulator;
    const facts: TenantFacts = {
      requestTimes: requests.map(({ at }) => at),
      readingTimes: requests.filter(({ path }) => path.endsWith('/messages')).map(({ at }) => at),
      messageIds: truth(tenant).map((message) => message.id),
    };
    process.send?.(facts);
  });
  process.on('SIGTERM', () => process.exit(0));
  process.on('disconnect', () => process.exit(0));
  const ready: TenantReady = {
    url: simulator.url,
    key: DEMO_KEY,
    backfillStart: new Date(now - 31 * DAY_MS).toISOString(),
    fewestRequests: fewestRequests(tenant),
  };
  process.send?.(ready);
}

/** One for the organizations, one per 1000 chats listed, one per chat, one per further 1000 messages of a chat. */
function fewestRequests({ organizations, chats }: Tenant): number {
  const pages = (records: number): number => Math.max(1, Math.ceil(records / PAGE));
  const messagePages = [...chats.values()].reduce((sum, chat) => sum + pages(chat.messages.length), 0);
  return pages(organizations.size) + pages(chats.size) + messagePages;
}

void main();
