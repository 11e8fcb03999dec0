import { startHostileApi } from './hostile-api';
import { hostileChats, idsOf } from './hostile-chats';
import { tenantSpecSchema, type TenantFacts, type TenantReady } from './tenant';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The hostile API in a process of its own. */
async function main(): Promise<void> {
  const { hostile = 1 } = tenantSpecSchema.parse(JSON.parse(process.argv[2] ?? '{}'));
  const now = Math.floor(Date.now() / 1000) * 1000;
  const chats = hostileChats(hostile, new Date(now - DAY_MS).toISOString());
  const { url, requests } = await startHostileApi(chats);
  process.on('message', () => {
    const facts: TenantFacts = {
      requestTimes: requests.map(({ at }) => at),
      readingTimes: requests.filter(({ path }) => path.endsWith('/messages')).map(({ at }) => at),
      messageIds: chats.flatMap(idsOf),
    };
    process.send?.(facts);
  });
  process.on('SIGTERM', () => process.exit(0));
  process.on('disconnect', () => process.exit(0));
  const ready: TenantReady = {
    url,
    key: 'sk-ant-api01-hostile',
    backfillStart: new Date(now - 2 * DAY_MS).toISOString(),
    users: 0,
    groups: 0,
    fewestRequests: chats.length + 2,
  };
  process.send?.(ready);
}

void main();
