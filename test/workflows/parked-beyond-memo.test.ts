import { createTenant } from '../../simulator';
import { expectExactly } from '../support/exact';
import { startSource, type SourceUnderTest } from '../support/source-under-test';

let under: SourceUnderTest;
afterEach(() => under.close());

test('it parks as many chats as the memo has room for, fails by name, and forgets none when it is terminated', async () => {
  const tenant = createTenant({ chats: 4, messagesPerChat: 2 });
  const broken = Array.from({ length: 150 }, (_, i) => `claude_chat_${i}_${'~'.repeat(220)}`);
  // Behind those that can be read, which are listed and read first: before them it would look as if none could be.
  const at = Date.parse('2026-10-20');
  for (const id of broken) tenant.addMessage(tenant.addChat({ id, at }).id, { at });
  under = await startSource({
    simulator: { tenant },
    settings: { BACKFILL_START: '2026-08-01', ON_CHAT_FAILURE: 'park' },
    usualRetries: true,
  });
  under.simulator.setFaults({
    targets: broken.map((chatId) => ({ chatId, kind: '500-no-retry', times: Infinity })),
  });

  const failed = await under.sync();

  expect(failed).toMatchObject({ outcome: 'failed', chats: 4, messages: 8 });
  expect(failed.parked).toBeGreaterThan(50);
  expect(failed.reason).toMatch(/^ChatUnreadable: chat claude_chat_\d+_~+/);
  const parked = async (): Promise<string[]> =>
    ((await under.source.view()).memo?.parked ?? []).map(({ chatId }) => chatId);
  expect(await parked()).toHaveLength(failed.parked);

  await under.chain.terminate('by an operator');
  under.simulator.setFaults();
  expect(await under.sync()).toMatchObject({ outcome: 'completed', from: failed.from, to: failed.to, parked: 0 });
  expectExactly(await under.records(), tenant);
});
