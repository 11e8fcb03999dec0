import { failedBefore, memorySchema, remember, rememberOthers, type Memory } from '../../src/activities/attempt-memory';
import { ApiError, type Endpoint } from '../../src/compliance-api/errors';
import type { FailureKind, Recovery } from '../../src/domain/failure-kinds';

const MINUTE = 60_000;
const START = 1_000_000_000;

const newMemory = (): Memory => memorySchema.parse({});
const failure = (kind: FailureKind, endpoint: Endpoint = 'messages', status?: number): ApiError =>
  new ApiError(kind, { endpoint, status });
const fail = (memory: Memory, error: ApiError, now = START, limit = 1000): Recovery =>
  remember(memory, { error, limit, now });
const served = { asked: 'chat' } as const;

/** What becomes of failures in a row, where others are served whenever they are asked for. */
function verdicts(kinds: FailureKind[], endpoint?: Endpoint): Recovery[] {
  const memory = newMemory();
  return kinds.map((kind) => {
    const verdict = fail(memory, failure(kind, endpoint));
    if (memory.askForOthers) expect(rememberOthers(memory, served)).toBe('go on');
    return verdict;
  });
}

const times = (count: number, kind: FailureKind): FailureKind[] => Array.from({ length: count }, () => kind);

test.each<[FailureKind, Endpoint, Recovery[]]>([
  ['not-found', 'messages', ['gone']],
  ['api-disabled', 'messages', ['stop']],
  ['unknown-parameter', 'messages', ['stop']],
  ['perhaps-gone', 'messages', ['later', 'gone']],
  ['perhaps-gone', 'users', ['later', 'gone']],
  ['unauthenticated', 'messages', ['later', 'never']],
  ['unauthenticated', 'users', ['later', 'stop']],
  ['unauthenticated', 'chats', ['later', 'stop']],
  ['forbidden', 'messages', ['later', 'never']],
  ['never', 'messages', ['later', 'never']],
  ['unexpected-shape', 'messages', ['later', 'later', 'later', 'later', 'never']],
  ['not-json', 'messages', ['later', 'later', 'later', 'later', 'never']],
  ['not-json', 'chats', ['later', 'later', 'later', 'later', 'stop']],
])('%s of %s, again and again, is %j', (kind, endpoint, expected) => {
  expect(verdicts(times(expected.length, kind), endpoint)).toEqual(expected);
});

test('what may pass begins the count anew', () => {
  const four = times(4, 'unexpected-shape');
  expect(verdicts([...four, 'overloaded', ...four])).not.toContain('never');
});

test('a refusal of a chat is not believed before somebody else was asked for', () => {
  const memory = newMemory();
  for (let tries = 0; tries < 10; tries++) {
    expect(fail(memory, failure('forbidden'))).toBe('later');
    expect(memory.askForOthers).toBe(true);
    // They cannot be asked: nobody is.
    expect(rememberOthers(memory, { asked: 'chat', error: failure('overloaded') })).toBe('later');
    expect(memory.askForOthers).toBe(true);
  }
  rememberOthers(memory, served);
  expect(fail(memory, failure('forbidden'))).toBe('never');
});

test.each<[FailureKind, FailureKind, 'chat' | 'key', string]>([
  ['forbidden', 'forbidden', 'chat', 'everybody'],
  ['bad-request', 'unauthorized', 'key', 'everybody'],
  ['server-error', 'unauthenticated', 'chat', 'everybody'],
  ['bad-request', 'forbidden', 'key', 'go on'],
  ['bad-request', 'not-found', 'chat', 'go on'],
])('after %s, %s for another %s is %s', (own, other, asked, expected) => {
  const memory = newMemory();
  fail(memory, failure(own));
  expect(rememberOthers(memory, { asked, error: failure(other, 'organizations') })).toBe(expected);
});

test('it asks for half as much after an answer that was too large, until that is one record', () => {
  const memory = newMemory();
  const seen: Recovery[] = [];
  for (let limit = 5; seen.at(-1) !== 'never'; limit = memory.limit ?? 0) {
    seen.push(fail(memory, failure('too-large'), START, limit));
  }
  expect(seen).toEqual(['later', 'later', 'never']);
});

test.each<[FailureKind, number | undefined]>([
  ['timeout', undefined],
  ['cut-short', 200],
  ['overloaded', 504],
])('it asks for a quarter after %s (%s), of a list too: a part may come in time', (kind, status) => {
  for (const endpoint of ['messages', 'chats'] as const) {
    const memory = newMemory();
    expect(fail(memory, failure(kind, endpoint, status))).toBe('later');
    expect(memory.limit).toBe(250);
  }
  const memory = newMemory();
  fail(memory, failure('overloaded', 'messages', 503));
  expect(memory.limit).toBeUndefined();
});

describe('a chat that fails and fails', () => {
  /** One failure a minute; `isServed` says whether others are, when they are asked for in between. */
  function failEveryMinute(kind: FailureKind, isServed: (minute: number) => boolean, endpoint?: Endpoint) {
    const memory = newMemory();
    for (let minute = 0; minute <= 300; minute++) {
      if (fail(memory, failure(kind, endpoint), START + minute * MINUTE) !== 'later') return minute;
      if (memory.askForOthers) {
        rememberOthers(memory, isServed(minute) ? served : { asked: 'chat', error: failure('overloaded') });
      }
    }
    return null;
  }

  test.each(['server-error', 'overloaded', 'network', 'timeout', 'cut-short'] as const)(
    'with %s, can never be read after three minutes in which others were served',
    (kind) => {
      expect(failEveryMinute(kind, () => true)).toBe(3);
    },
  );

  test('is tried on through an outage of everything, however long', () => {
    expect(failEveryMinute('server-error', () => false)).toBeNull();
    expect(failEveryMinute('server-error', (minute) => minute === 100 || minute === 200)).toBeNull();
  });

  test('is given up for the rate only where it alone is over it, six times and five minutes long', () => {
    expect(failEveryMinute('rate-limited', () => true)).toBe(7);
    expect(failEveryMinute('rate-limited', () => false)).toBeNull();
    expect(failEveryMinute('rate-limited', (minute) => minute > 100)).toBe(106);
    // Nobody asks for others because of a burst.
    const memory = newMemory();
    fail(memory, failure('rate-limited'));
    fail(memory, failure('rate-limited'));
    expect(memory.askForOthers).toBe(false);
  });

  test('nor is a list without which nobody can be read, where one of many is', () => {
    expect(failEveryMinute('server-error', () => true, 'chats')).toBe(3);
    expect(failEveryMinute('server-error', () => false, 'users')).toBeNull();
    const memory = newMemory();
    for (let minute = 0; minute <= 300; minute++) {
      const now = START + minute * MINUTE;
      const error = failure('server-error', 'chats');
      expect(remember(memory, { error, limit: 1000, now, isEverybodys: true })).toBe('later');
    }
  });

  test('is given up at its next failure where it failed for long in a run before', () => {
    const before = memorySchema.parse(failedBefore(3 * MINUTE));
    // It may have waited in a queue: others come first.
    expect(before.askForOthers).toBe(true);
    expect(fail(structuredClone(before), failure('timeout'))).toBe('later');
    rememberOthers(before, served);
    expect(fail(before, failure('timeout'))).toBe('never');
    expect(fail(memorySchema.parse(failedBefore(MINUTE)), failure('timeout'))).toBe('later');
  });

  test('that is parked costs no request of others, and a quarter is asked for each time', () => {
    const memory = newMemory();
    for (const [kind, limit] of [
      ['timeout', 250],
      ['too-large', 62],
      ['server-error', 62],
    ] as const) {
      const error = failure(kind);
      expect(remember(memory, { error, limit: memory.limit ?? 1000, now: START, isParked: true })).toBe('later');
      expect(memory).toMatchObject({ limit, askForOthers: false });
    }
  });

  test('is not given up for the time in which its worker stood still', () => {
    const memory = newMemory();
    for (const minute of [0, 1, 600]) {
      expect(fail(memory, failure('server-error'), START + minute * MINUTE)).toBe(minute === 600 ? 'never' : 'later');
      rememberOthers(memory, served);
    }
    const other = newMemory();
    fail(other, failure('server-error'));
    rememberOthers(other, served);
    expect(fail(other, failure('server-error'), START + 600 * MINUTE)).toBe('later');
  });
});

test('it does not count what never became a request', () => {
  const memory = memorySchema.parse({ requests: 3 });
  fail(memory, failure('not-our-turn'));
  rememberOthers(memory, { asked: 'key', error: failure('not-our-turn') });
  expect(memory.requests).toBe(1);
});
