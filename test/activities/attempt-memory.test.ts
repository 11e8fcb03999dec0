import { memorySchema, remember, type Memory } from '../../src/activities/attempt-memory';
import { ApiError, type ApiErrorKind, type Endpoint } from '../../src/compliance-api/errors';

const MINUTE = 60_000;

function attempts(kinds: ApiErrorKind[], endpoint: Endpoint = 'messages') {
  const memory = memorySchema.parse({});
  return kinds.map((kind) => remember(memory, failed(kind, { endpoint })));
}

const failed = (
  kind: ApiErrorKind,
  given: { endpoint?: Endpoint; limit?: number; now?: number; lastSuccessAt?: number } = {},
) => {
  const { endpoint = 'messages', limit = 1000, now = 0, lastSuccessAt = 0 } = given;
  return { error: new ApiError(kind, { endpoint }), limit, now, lastSuccessAt };
};

test('it believes the API at once, but doubtful answers only when they come five times in a row', () => {
  expect(attempts(['never'])).toEqual(['never']);
  expect(attempts(['unauthorized'])).toEqual(['stop']);
  const five: ApiErrorKind[] = Array.from({ length: 5 }, () => 'unexpected-shape');
  expect(attempts(five)).toEqual(['later', 'later', 'later', 'later', 'never']);
  expect(attempts(five, 'chats').at(-1)).toBe('stop');
  expect(attempts([...five.slice(1), 'overloaded', ...five.slice(1)])).not.toContain('never');
  expect(attempts(['redirect', 'not-the-api', 'redirect', 'redirect', 'redirect']).at(-1)).toBe('stop');
});

test('it asks for half as much after an answer that was too large, until that is one record', () => {
  const memory = memorySchema.parse({});
  const verdicts: string[] = [];
  for (let limit = 5; verdicts.at(-1) !== 'never'; limit = memory.limit ?? 0) {
    verdicts.push(remember(memory, failed('too-large', { limit })));
  }
  expect(verdicts).toEqual(['later', 'later', 'never']);
});

describe('a chat that fails and fails', () => {
  /** One failure a minute; `served` says whether the API answered somebody else in between. */
  function failEveryMinute(
    kind: ApiErrorKind,
    minutes: number,
    served: (minute: number) => boolean,
    endpoint?: Endpoint,
  ) {
    const memory: Memory = memorySchema.parse({});
    for (let minute = 0; minute <= minutes; minute++) {
      const now = 1_000_000_000 + minute * MINUTE;
      const lastSuccessAt = served(minute) ? now - 1 : 0;
      const recovery = remember(memory, failed(kind, { now, lastSuccessAt, ...(endpoint ? { endpoint } : {}) }));
      if (recovery !== 'later') return minute;
    }
    return null;
  }

  test('it can never be read after 30 minutes in which others were served', () => {
    expect(failEveryMinute('server-error', 100, () => true)).toBe(30);
    expect(failEveryMinute('cut-short', 100, () => true)).toBe(30);
  });

  test('it is tried on through an outage of everything, however long', () => {
    expect(failEveryMinute('server-error', 600, () => false)).toBeNull();
    expect(failEveryMinute('server-error', 600, (minute) => minute === 300)).toBeNull();
  });

  test('it is not given up for the rate, or for a list', () => {
    expect(failEveryMinute('rate-limited', 100, () => true)).toBeNull();
    expect(failEveryMinute('server-error', 100, () => true, 'chats')).toBeNull();
  });
});

test('it does not count what never became a request', () => {
  const memory = memorySchema.parse({ requests: 3 });
  remember(memory, failed('not-our-turn'));
  expect(memory.requests).toBe(2);
});
