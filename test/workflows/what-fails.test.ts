import { ApplicationFailure } from '@temporalio/common';
import type { Endpoint } from '../../src/compliance-api/errors';
import { newState, type Report } from '../../src/domain/state';
import {
  busyMs,
  FAILING,
  HANGING,
  idsOf,
  MINUTE,
  TEN_MINUTES,
  TROUBLES,
  walkThrough,
  type Trouble,
  type VirtualTenant,
} from '../support/virtual-walk';

// What fails for ever is told from what fails for everybody, and neither holds up what does not fail.

jest.setTimeout(120_000);

describe('what fails for ever beside what does not', () => {
  const users = ['a', 'b'].map((name) => Array.from({ length: 25 }, (_, index) => `user_${name}${index}`));
  const tenant = { chats: idsOf(100), troubles: new Map<string, Trouble>(), latencyMs: 300, rate: 4 };
  const forEver = (endpoint: Endpoint, id = ''): VirtualTenant => ({
    ...tenant,
    users,
    fails: (asked, of) => asked === endpoint && of.includes(id) && FAILING,
  });

  test('the organizations, where all chats are in one list: it goes on without them, and says so', async () => {
    const { report, ms } = await walkThrough(forEver('organizations'), {});
    expect(report).toMatchObject({ outcome: 'completed', chats: 100 });
    expect((report as Report).warnings[0]).toMatch(/^organizations: the server failed.*chats only$/);
    expect(ms).toBeLessThan(TEN_MINUTES);
  });

  test.each<[string, Endpoint, string, number, RegExp]>([
    [
      "one organization's users",
      'users',
      'organization 0',
      50,
      /everybody else's.*users of organization 0: users: the server/,
    ],
    [
      'the list of the first ten users, for one of them',
      'chats',
      'user_a3,',
      98,
      /everybody else's.*chats of user user_a3: /,
    ],
    ['that of the last ones', 'chats', 'user_b24', 98, /everybody else's chats were read; chats of user user_b24: /],
  ])('%s: the others are read, and it fails by name', async (_title, endpoint, id, read, said) => {
    const alone = id.replace(',', '');
    const { report, publishedAt, ms } = await walkThrough(forEver(endpoint, alone), { listing: 'per-user' });
    expect(report).toBeInstanceOf(ApplicationFailure);
    expect((report as ApplicationFailure).message).toMatch(said);
    expect(publishedAt.size).toBe(read);
    expect(ms).toBeLessThan(TEN_MINUTES);
  });

  test.each([Infinity, 4 * MINUTE])(
    'a chat that hangs, in runs of %d ms: it is given up in ten minutes',
    async (longest) => {
      const chats = idsOf(6000);
      const troubles = new Map([['chat_7', HANGING]]);
      const parking = { requestsPerSecond: 10, onChatFailure: 'park' } as const;
      const { report, state, publishedAt, ms } = await walkThrough(
        { chats, troubles, latencyMs: 300, rate: 10 },
        parking,
        newState('test'),
        longest,
      );
      expect(report).toMatchObject({ outcome: 'completed', parked: 1, chats: 5999 });
      expect(state.parked).toMatchObject([{ chatId: 'chat_7' }]);
      expect(publishedAt.size).toBe(5999);
      expect(ms).toBeLessThan(busyMs({ ...tenant, chats, rate: 10 }) + 3 * MINUTE);
    },
  );

  test.each(['park', 'fail'] as const)(
    'two chats of a few, one of which was read last before it failed: %s',
    async (policy) => {
      let read = 0;
      const { report, state, ms } = await walkThrough(
        {
          ...tenant,
          chats: idsOf(3),
          fails: (endpoint, id) =>
            endpoint === 'messages' && (id === 'chat_0' || (id === 'chat_2' && read++ > 0)) && FAILING,
        },
        { onChatFailure: policy },
        { ...newState('test'), witnesses: ['chat_before'] },
      );
      if (policy === 'park') expect(state.parked).toMatchObject([{ chatId: 'chat_0' }]);
      else expect((report as ApplicationFailure).message).toMatch(/^chat chat_0: /);
      expect(ms).toBeLessThan(TEN_MINUTES);
    },
  );

  test('chats that wait for their turn for minutes do not count as failing while they do', async () => {
    const { report, state } = await walkThrough(
      {
        ...tenant,
        chats: idsOf(300),
        rate: 0.25,
        fails: (endpoint, _id, at) =>
          endpoint === 'messages' && at > 5 * MINUTE && at < 7 * MINUTE && { kind: 'overloaded', ms: 100, status: 503 },
      },
      { requestsPerSecond: 0.25, onChatFailure: 'park' },
      newState('test'),
      4 * MINUTE,
    );
    expect(report).toMatchObject({ outcome: 'completed', chats: 300, parked: 0 });
    expect(state.parked).toEqual([]);
  });

  test('most are gone, and the witnesses are away: it waits for them, and publishes what was read meanwhile', async () => {
    const gone = new Set(idsOf(7).slice(1));
    const { report, state, readAt, publishedAt } = await walkThrough(
      {
        ...tenant,
        chats: idsOf(10),
        fails: (endpoint, id, at) => {
          if (endpoint !== 'messages') return undefined;
          if (gone.has(id)) return { kind: 'not-found', ms: 100, status: 404 };
          return id.startsWith('witness') && at < 20 * MINUTE && HANGING;
        },
      },
      {},
      { ...newState('test'), witnesses: ['witness_1', 'witness_2', 'witness_3'] },
    );
    expect(report).toMatchObject({ outcome: 'completed', chats: 4, gone: 6 });
    expect(state.witnesses).toContain('witness_1');
    for (const [chatId, at] of readAt)
      if (publishedAt.has(chatId)) expect(publishedAt.get(chatId)! - at).toBeLessThan(TEN_MINUTES);
  });

  test('two hundred parked chats that hang hold no sync up, and each has its turn', async () => {
    const parked = idsOf(200).map((chatId) => ({
      chatId,
      from: '2026-10-01T00:00:00.000Z',
      to: '2026-10-02T00:00:00.000Z',
      reason: 'it hangs',
      since: '2026-10-02T00:00:00.000Z',
    }));
    const troubles = new Map(parked.map(({ chatId }) => [chatId, HANGING]));
    const { report, state, ms } = await walkThrough(
      { ...tenant, chats: ['chat_good'], troubles },
      {},
      { ...newState('test'), parked },
    );
    expect(report).toMatchObject({ outcome: 'completed', parked: 200, chats: 1 });
    // Those that had no turn are first now; of those that had one less is asked for.
    expect(state.parked[0]).toMatchObject({ chatId: 'chat_120' });
    expect(state.parked.at(-1)).toMatchObject({ chatId: 'chat_119', limit: 250 });
    expect(ms).toBeLessThan(TEN_MINUTES);
  });

  test.each(['park', 'fail'] as const)(
    'every chat of a window, where one of an earlier window is read: %s',
    async (policy) => {
      const chats = idsOf(8);
      const troubles = new Map(chats.map((chatId) => [chatId, FAILING]));
      const before = { ...newState('test'), witnesses: ['chat_deleted', 'chat_before'] };
      const { report, state, ms } = await walkThrough(
        { ...tenant, chats, troubles },
        { onChatFailure: policy },
        before,
      );
      if (policy === 'park') expect(report).toMatchObject({ outcome: 'completed', parked: 8 });
      else expect((report as ApplicationFailure).message).toMatch(/chat chat_\d: .*and 3 more/);
      expect(state.parked).toHaveLength(policy === 'park' ? 8 : 0);
      expect(ms).toBeLessThan(TEN_MINUTES);
    },
  );
});

describe('when everybody gets it, it is not the chat', () => {
  const EVERYTHING: readonly Endpoint[] = ['organizations', 'users', 'chats', 'messages'];
  const tenant = { chats: idsOf(80), troubles: new Map<string, Trouble>(), latencyMs: 300, rate: 4 };
  const outage = (trouble: Trouble, endpoints: readonly Endpoint[], from: number, minutes: number): VirtualTenant => ({
    ...tenant,
    fails: (endpoint, _id, at) => endpoints.includes(endpoint) && at >= from && at < from + minutes * MINUTE && trouble,
  });
  const passing = TROUBLES.filter(({ kind }) =>
    ['server-error', 'overloaded', 'network', 'timeout', 'cut-short'].includes(kind),
  );
  const lasting = TROUBLES.filter(({ kind }) =>
    ['bad-request', 'forbidden', 'unauthorized', 'unauthenticated', 'unnamed-404'].includes(kind),
  );

  test.each(
    passing.flatMap((trouble) => [EVERYTHING, EVERYTHING.slice(3)].map((endpoints) => ({ trouble, endpoints }))),
  )(
    'an outage is waited for, however long, and parks nobody: $trouble on $endpoints',
    async ({ trouble, endpoints }) => {
      for (const from of [0, 20_000]) {
        const { report, state, publishedAt } = await walkThrough(outage(trouble, endpoints, from, 45), {
          onChatFailure: 'park',
        });
        expect(report).toMatchObject({ outcome: 'completed', parked: 0 });
        expect(state.parked).toEqual([]);
        expect(publishedAt.size).toBe(80);
      }
    },
  );

  test.each([5, 80])(
    'an outage is waited for whatever it answers, before the first of %d chats was read',
    async (count) => {
      const [first, , third] = TROUBLES as [Trouble, Trouble, Trouble];
      const { report, state } = await walkThrough(
        {
          ...tenant,
          chats: idsOf(count),
          fails: (endpoint, id, at) =>
            endpoint === 'messages' && at < 45 * MINUTE && (Number(id.slice(5)) % 2 === 0 ? first : third),
        },
        { onChatFailure: 'park' },
      );
      expect(report).toMatchObject({ outcome: 'completed', chats: count, parked: 0 });
      expect(state.parked).toEqual([]);
    },
  );

  test.each(lasting)('a refusal of everybody stops the sync, and parks nobody: $kind', async (trouble) => {
    for (const from of [0, 20_000]) {
      const { report, state, publishedAt, ms } = await walkThrough(outage(trouble, ['messages'], from, 60), {
        onChatFailure: 'park',
      });
      expect(report).toBeInstanceOf(ApplicationFailure);
      expect(state.parked).toEqual([]);
      expect(ms).toBeLessThan(5 * MINUTE);
      // Nothing is kept of chats that had no turn.
      for (const failingMs of Object.values(state.unfinished?.failing ?? {})) expect(failingMs).toBeGreaterThan(0);
      // What was read before is published, and what is left comes out once it is mended.
      const mended = await walkThrough({ ...tenant }, { onChatFailure: 'park' }, { ...state, running: undefined });
      expect(mended.report).toMatchObject({ outcome: 'completed', parked: 0 });
      expect(new Set([...publishedAt.keys(), ...mended.publishedAt.keys()]).size).toBe(80);
    }
  });
});
