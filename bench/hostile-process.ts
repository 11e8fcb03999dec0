import { answer, spec } from '../harness/dialogue';
import { startHostileApi } from './hostile-api';
import { hostileChats, idsOf } from './hostile-chats';
import { factsOf, tenantSpecSchema, type TenantReady } from './tenant';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Runs the hostile API. */
async function main(): Promise<void> {
  const { hostile = 1 } = tenantSpecSchema.parse(spec());
  const now = Math.floor(Date.now() / 1000) * 1000;
  const chats = hostileChats(hostile, new Date(now - DAY_MS).toISOString());
  const { url, requests } = await startHostileApi(chats);
  const ready: TenantReady = {
    url,
    key: 'sk-ant-api01-hostile',
    backfillStart: new Date(now - 2 * DAY_MS).toISOString(),
    users: 0,
    groups: 0,
    fewestRequests: chats.length + 2,
  };
  answer(ready, () => factsOf(requests, chats.flatMap(idsOf)));
}

void main();
