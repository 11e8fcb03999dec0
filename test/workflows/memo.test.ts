import fc from 'fast-check';
import { jsonBytes } from '../../src/text/cut';
import { newState, type Parked, type Report, type State } from '../../src/domain/state';
import { memoSchema } from '../../src/domain/memo';
import { bounded, fitting, memoOf } from '../../src/workflows/memo';

/** Temporal Cloud's limit, less the envelope of the one field. */
const LIMIT = 40_960 - 100;
const TIME = '2026-11-25T18:00:00.000Z';
/** Text that JSON makes six times as long, or that is four bytes a character. */
const HOSTILE = ['\u0001', '\ud800', '\u{1d4b3}', '"', 'x', '`|'];

const text = (longest: number) =>
  fc.tuple(fc.constantFrom(...HOSTILE), fc.nat(longest)).map(([unit, length]) => unit.repeat(length));
const parkedChat = (id: fc.Arbitrary<string>): fc.Arbitrary<Parked> =>
  fc.record(
    {
      chatId: id,
      from: fc.constant(TIME),
      to: fc.constant(TIME),
      reason: text(1000),
      since: fc.constant(TIME),
      recover: fc.constant(true as const),
    },
    { requiredKeys: ['chatId', 'from', 'to', 'reason', 'since'] },
  );
const counters = {
  chats: 1,
  messages: 2,
  requests: 3,
  gone: 0,
  skipped: 0,
  violations: 0,
  conflicts: 0,
  unexplained: 0,
};
const report = fc
  .record({ reason: text(5000), warnings: fc.array(text(3000), { maxLength: 30 }) })
  .map(({ reason, warnings }): Report => {
    const figures = {
      chats: 1,
      messages: 2,
      requests: 3,
      gone: 0,
      skipped: 0,
      conflicts: 0,
      unexplained: 0,
      parked: 0,
    };
    return bounded({ n: 1, source: 's', outcome: 'failed', from: TIME, to: TIME, ...figures, warnings, reason });
  });
const state = fc
  .record({
    ids: fc.array(parkedChat(text(5000)), { maxLength: 250 }),
    reports: fc.array(report, { minLength: 1, maxLength: 20 }),
    why: text(2000),
    cursor: text(50_000),
    paused: text(200),
    warnings: fc.array(text(600), { maxLength: 10 }),
  })
  .map(({ ids, reports, why, cursor, paused, warnings }): State => {
    const list = { userIds: [], of: null, afterId: cursor, at: TIME, hasMore: true };
    const checkpoint = {
      ...{ mode: 'organization' as const, why, refusals: [{ mode: 'per-user' as const, reason: why }], accepted: true },
      lists: [{ ...list, pages: [{ afterId: cursor, at: TIME, left: ['x'.repeat(9000)] }] }],
      users: { current: null, last: cursor, next: null },
      requestId: 'r',
      fingerprint: 'f',
    };
    const window = { epoch: 0, from: TIME, to: TIME };
    const reason = reports[0]?.reason ?? '';
    return {
      ...newState('s'.repeat(40)),
      parked: fitting([], ids),
      reports,
      unfinished: { window, checkpoint, counters, toRetry: ids.map(({ chatId }) => chatId), warnings, reason },
      abandoned: window,
      paused: { reason: paused, since: TIME },
      rewoundBy: '\u0001'.repeat(64),
    };
  });

test('it stays below the limit of Temporal Cloud, whatever is parked, quoted and refused, and can be read', () => {
  fc.assert(
    fc.property(state, (given) => {
      const memo = memoOf(given);
      expect(jsonBytes(memo)).toBeLessThan(LIMIT);
      const read = memoSchema.parse(JSON.parse(JSON.stringify(memo)));
      expect(read.parked.map(({ chatId, from, to, since, recover }) => [chatId, from, to, since, recover])).toEqual(
        given.parked.map(({ chatId, from, to, since, recover }) => [chatId, from, to, since, recover]),
      );
    }),
    { numRuns: 60 },
  );
});

const chat = (chatId: string): Parked => ({ chatId, from: TIME, to: TIME, reason: '', since: TIME });
const REASON =
  'messages: the server says that it will always fail (never, status 500, api_error, request-id req_24854bf30b6f40668de8313684783dd9)';

test('it holds every reason in full while there is room, and their codes when there is not', () => {
  const parked = Array.from({ length: 200 }, (_, i) => ({
    ...chat(`claude_chat_01Vzk1fnN95YAVbwY6XzeY${i}`),
    reason: REASON,
  }));
  const reasons = (few: Parked[]) => [
    ...new Set(memoSchema.parse(memoOf({ ...newState('s'), parked: few })).parked.map(({ reason }) => reason)),
  ];
  expect(reasons(parked.slice(0, 5))).toEqual([REASON]);
  expect(reasons(parked)).toEqual(['never, status 500']);
  expect(fitting([], parked)).toHaveLength(200);
});

test('no chat is parked that it has no room for, and others are', () => {
  const hostile = chat('\u0001'.repeat(5000));
  expect(fitting([], [hostile, chat('a'), chat('b')])).toEqual([chat('a'), chat('b')]);
  const many = Array.from({ length: 1000 }, (_, i) => chat(`${i}-${'x'.repeat(200)}`));
  const some = fitting([], many);
  expect(some.length).toBeGreaterThan(50);
  expect(fitting(some, many.slice(some.length))).toEqual([]);
});
