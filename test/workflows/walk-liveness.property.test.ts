import { ApplicationFailure } from '@temporalio/common';
import fc from 'fast-check';
import { busyMs, idsOf, MINUTE, TEN_MINUTES, TROUBLES, walkThrough } from '../support/virtual-walk';

// No chat, no answer, no size and no clock stops a source, or keeps what was read of other chats from being published, for
// more than ten minutes. Here an hour takes no time: what passes is virtual.

const { WALK_SEED = '20261125', LIVENESS_RUNS = '30' } = process.env;
jest.setTimeout(120_000);

const scenarios = fc.record({
  chats: fc.integer({ min: 13, max: 250 }),
  troubles: fc.uniqueArray(fc.tuple(fc.nat(249), fc.constantFrom(...TROUBLES)), {
    maxLength: 12,
    selector: ([index]) => index,
  }),
  rate: fc.constantFrom(0.5, 1, 4, 10),
  latencyMs: fc.constantFrom(100, 900, 5000),
  pageSize: fc.constantFrom(5, 50, 1000),
  onChatFailure: fc.constantFrom('park' as const, 'fail' as const),
});

test('whatever single chats answer for ever, the others are published in time, and the sync comes to its end', async () => {
  const property = fc.asyncProperty(scenarios, async ({ chats: count, troubles: given, ...scenario }) => {
    const chats = idsOf(count);
    const troubles = new Map(
      given.flatMap(([index, trouble]) => (chats[index] ? [[chats[index], trouble] as const] : [])),
    );
    const tenant = { ...scenario, chats, troubles };
    const good = chats.filter((chatId) => !troubles.has(chatId));

    const { report, state, ms, readAt, publishedAt } = await walkThrough(tenant, scenario);

    for (const [chatId, at] of readAt) expect(publishedAt.get(chatId)! - at).toBeLessThanOrEqual(TEN_MINUTES);
    const named = report instanceof ApplicationFailure ? report.message : JSON.stringify(state.parked);
    // Where nothing can be read it may be everybody's: it stops and says so, and parks nobody.
    if (good.length > 0 && scenario.onChatFailure === 'park' && !(report instanceof ApplicationFailure)) {
      expect([...publishedAt.keys()].toSorted()).toEqual(good.toSorted());
      expect(state.parked.map(({ chatId }) => chatId).toSorted()).toEqual([...troubles.keys()].toSorted());
    } else if (troubles.size > 0) {
      expect(report).toBeInstanceOf(ApplicationFailure);
      expect([...troubles.keys()].some((chatId) => named.includes(chatId)) || /in a row/.test(named)).toBe(true);
    }
    // What all requests take, and once the time in which each of the troubles is given up, all at once.
    expect(ms).toBeLessThanOrEqual(busyMs(tenant) * 2 + 2 * TEN_MINUTES);
  });
  await fc.assert(property, { seed: Number(WALK_SEED), numRuns: Number(LIVENESS_RUNS) });
});

test.each([
  ['every chat can be read', 0],
  ['one chat in five hundred answers 500 for ever', 500],
])(
  'slow answers leave no moment in which nothing is asked, from page to page and part to part: %s',
  async (_, every) => {
    const chats = idsOf(4000);
    const troubles = new Map(
      chats.flatMap((chatId, index) => (every > 0 && index % every === 7 ? [[chatId, TROUBLES[0]!] as const] : [])),
    );
    const tenant = { chats, troubles, latencyMs: 5000, rate: 10 };
    const { report, ms } = await walkThrough(tenant, { requestsPerSecond: 10, onChatFailure: 'park' });
    expect(report).toMatchObject({ outcome: 'completed', parked: troubles.size });
    // The server's clock, the first page and the last answer; chats that are given up take three minutes, and requests of others.
    const asked = 3 * 5000 + (chats.length + 5) * 100;
    expect(ms).toBeGreaterThan(asked - 5000);
    expect(ms).toBeLessThan(every === 0 ? asked + 1000 : asked * 1.03 + 4 * MINUTE);
  },
);

test('nor from user to user, where chats are listed per user, and from organization to organization', async () => {
  const users = ['a', 'b', 'c'].map((name) => Array.from({ length: 500 }, (_, index) => `user_${name}${index}`));
  const tenant = { chats: idsOf(300), users, troubles: new Map(), latencyMs: 5000, rate: 4 };
  const { report, ms } = await walkThrough(tenant, { requestsPerSecond: 4, listing: 'per-user' });
  expect(report).toMatchObject({ outcome: 'completed', chats: 300, requests: 2 + 3 + 150 + 300 });
  // One after the other: the clock, the organizations, the first users, their first list, and the last answer.
  expect(ms).toBeLessThan((150 + 300) * 250 + 5 * 5000 + 1000);
});
