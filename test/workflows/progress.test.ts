import { createTenant } from '../../simulator';
import { nextSecond, until } from '../support/until';
import { startSource } from '../support/source-under-test';

test('how fast a sync is counts from when it began, not from when its run began to wait for it', async () => {
  const tenant = createTenant({ chats: 30, messagesPerChat: 1 });
  const settings = { BACKFILL_START: '2026-08-01', REQUESTS_PER_SECOND: '15' };
  const under = await startSource({ simulator: { tenant }, settings });
  try {
    await under.sync();
    for (let idle = 0; idle < 4; idle++) await nextSecond();
    for (const chatId of tenant.chats.keys()) tenant.addMessage(chatId, { content: 'later' });
    await nextSecond();
    const asked = Date.now();
    const request = await under.request();
    const progress = await until(async () => {
      const seen = await under.source.progress();
      return seen !== null && seen.chats > 10 && seen.chatsPerSecond !== null && seen;
    });
    expect(progress.chatsPerSecond).toBeGreaterThanOrEqual(progress.chats / ((Date.now() - asked) / 1000));
    await request.result();
    expect(await under.source.progress()).toBeNull();
  } finally {
    await under.close();
  }
});
