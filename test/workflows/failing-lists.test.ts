import { ApplicationFailure } from '@temporalio/common';
import { newState, type Report } from '../../src/domain/state';
import {
  FAILING,
  HANGING,
  idsOf,
  MINUTE,
  TEN_MINUTES,
  walkThrough,
  type Trouble,
  type VirtualTenant,
} from '../support/virtual-walk';

// Lists per user: one that fails is told from all that do, and whoever is passed over is asked for again.

jest.setTimeout(120_000);

const refused: Trouble = { kind: 'bad-request', ms: 100, status: 400 };
const usersOf = (...counts: number[]): string[][] =>
  counts.map((count, org) => Array.from({ length: count }, (_, index) => `user_${'abcdef'[org]}${index};`));
const tenant = (chats: number, ...users: number[]): VirtualTenant => ({
  chats: idsOf(chats),
  users: usersOf(...users),
  troubles: new Map<string, Trouble>(),
  latencyMs: 300,
  rate: 4,
});
const PER_USER = { listing: 'per-user' } as const;
const messageOf = (report: Report | ApplicationFailure): string =>
  report instanceof ApplicationFailure ? report.message : JSON.stringify(report);

test.each([
  ['fails', FAILING],
  ['is refused', refused],
])('a source that has only its memo left loses nobody, whenever one list of many %s', async (_title, trouble) => {
  const failed = await walkThrough(
    { ...tenant(600, 10, 10, 10), fails: (endpoint, id) => endpoint === 'chats' && id.includes('user_b3;') && trouble },
    PER_USER,
  );
  expect(messageOf(failed.report)).toMatch(/^everybody else's chats were read; chats of user user_b3;: /);
  expect(failed.publishedAt.size).toBe(580);
  for (const { at, state } of failed.memos) {
    const before = new Set([...failed.publishedAt].flatMap(([chatId, then]) => (then <= at ? [chatId] : [])));
    const mended = await walkThrough(tenant(600, 10, 10, 10), PER_USER, state);
    expect(mended.report).toMatchObject({ outcome: 'completed' });
    expect(new Set([...before, ...mended.publishedAt.keys()]).size).toBe(600);
  }
});

test('the users of the only organization fail for a while: the next sync asks for them again', async () => {
  const away = {
    ...tenant(20, 5),
    fails: (endpoint: string, _id: string, at: number) => endpoint === 'users' && at < 4 * MINUTE && FAILING,
  };
  const first = await walkThrough(away, PER_USER);
  expect(messageOf(first.report)).toMatch(/^users of organization 0: users: the server failed/);
  const next = await walkThrough(tenant(20, 5), PER_USER, { ...first.state, running: undefined });
  expect(next.report).toMatchObject({ outcome: 'completed', chats: 20 });
});

test.each<Trouble['kind']>(['not-json', 'withheld', 'unexpected-shape', 'bad-request', 'forbidden'])(
  "one organization's users answer %s: the others' chats are read",
  async (kind) => {
    const { report, publishedAt } = await walkThrough(
      {
        ...tenant(99, 3, 3, 3),
        fails: (endpoint, id) => endpoint === 'users' && id.endsWith('1') && { kind, ms: 100, status: 400 },
      },
      PER_USER,
    );
    expect(messageOf(report)).toMatch(/^everybody else's chats were read; users of organization 1: /);
    expect(publishedAt.size).toBe(66);
  },
);

test.each([
  [
    'goes in circles',
    (after: string | undefined) => ({ has_more: true, last_id: after === '1' ? '2' : '1' }),
    /circles/,
  ],
  [
    'goes on without an end',
    (after: string | undefined) => ({ has_more: true, last_id: `${Number(after ?? 0) + 1}` }),
    /circles/,
  ],
])("one user's list %s: the others' chats are read", async (_title, more, said) => {
  const updated_at = '2026-10-31T12:00:00Z';
  const { report, publishedAt, ms } = await walkThrough(
    {
      ...tenant(300, 60),
      lists: ({ 'user_ids[]': ids, after_id }) =>
        ids?.includes('user_a3;') && {
          data: [{ id: 'chat_3', created_at: updated_at, updated_at }],
          ...more(after_id),
        },
    },
    { ...PER_USER, pageSize: 5 },
  );
  expect(messageOf(report)).toMatch(/^everybody else's chats were read; chats of user user_a3;/);
  expect(messageOf(report)).toMatch(said);
  expect(publishedAt.size).toBe(296);
  expect(ms).toBeLessThan(TEN_MINUTES);
});

test('the one list of all chats ends where its last item moves on for ever', async () => {
  let pages = 0;
  const { report, ms } = await walkThrough(
    {
      ...tenant(0),
      lists: (_query, at) => ({
        data: [
          {
            id: 'chat_1',
            created_at: '2026-10-31T12:00:00Z',
            updated_at: new Date(Date.parse('2026-11-01') + at).toISOString(),
          },
        ],
        has_more: true,
        last_id: `cursor ${pages++}`,
      }),
    },
    { pageSize: 1 },
  );
  expect(messageOf(report)).toMatch(/circles/);
  expect(pages).toBeLessThan(400);
  expect(ms).toBeLessThan(TEN_MINUTES);
});

test.each([1, 2, 4])('%d lists that hang at first hold nobody up for long', async (count) => {
  const hang = Array.from({ length: count }, (_, index) => `user_a${index * 10};`);
  const { report, readAt } = await walkThrough(
    {
      ...tenant(300, 60),
      fails: (endpoint, id) => endpoint === 'chats' && hang.some((userId) => id.includes(userId)) && HANGING,
    },
    PER_USER,
  );
  expect(messageOf(report)).toMatch(/^everybody else's chats were read; chats of user user_a/);
  expect(Math.min(...readAt.values()) - Date.parse('2026-11-01T00:00:00Z')).toBeLessThan(3 * MINUTE);
  expect(readAt.size).toBe(300 - 5 * count);
});

test.each([
  ['fails', FAILING],
  ['hangs', HANGING],
  ['is refused', refused],
])('the list that %s is the only one left when a run ends: it is passed over all the same', async (_title, trouble) => {
  for (const users of [[2], [40]] as const) {
    const { report, publishedAt } = await walkThrough(
      { ...tenant(80, ...users), fails: (endpoint, id) => endpoint === 'chats' && id.includes('user_a1;') && trouble },
      PER_USER,
      newState('test'),
      4 * MINUTE,
    );
    expect(messageOf(report)).toMatch(/^everybody else's chats were read; chats of user user_a1;/);
    expect(publishedAt.size).toBe(80 - 80 / users[0]);
  }
});

test.each([3, 60])('an outage of all lists of %d users is waited for', async (users) => {
  for (const from of [0, 2000]) {
    const { report } = await walkThrough(
      {
        ...tenant(100, users),
        fails: (endpoint, _id, at) => endpoint === 'chats' && at >= from && at < from + 45 * MINUTE && FAILING,
      },
      PER_USER,
    );
    expect(report).toMatchObject({ outcome: 'completed', chats: 100 });
  }
});

test.each([3, 16, 200])("what all lists of %d users are refused with is everybody's", async (users) => {
  const { report, publishedAt } = await walkThrough(
    { ...tenant(100, users), fails: (endpoint) => endpoint === 'chats' && refused },
    PER_USER,
  );
  expect(messageOf(report)).toMatch(/^chats: the server refused the request as invalid/);
  expect(publishedAt.size).toBe(0);
});

test('the reason of a list that has been mended since fails no later sync', async () => {
  const first = await walkThrough(
    {
      ...tenant(100, 20),
      troubles: new Map([['chat_50', FAILING]]),
      fails: (endpoint, id) => endpoint === 'chats' && id.includes('user_a3;') && refused,
    },
    PER_USER,
  );
  expect(first.report).toBeInstanceOf(ApplicationFailure);
  const next = await walkThrough(tenant(100, 20), PER_USER, {
    ...newState('test'),
    ...first.state,
    running: undefined,
  });
  expect(next.report).toMatchObject({ outcome: 'completed' });
});
