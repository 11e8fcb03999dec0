import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import fc from 'fast-check';
import { createApiActivities } from '../../src/activities/api-activities';
import type { AttemptContext } from '../../src/activities/attempt';
import type { ComplianceApi } from '../../src/compliance-api/client';
import { ApiError, type Endpoint } from '../../src/compliance-api/errors';
import { createPacer } from '../../src/compliance-api/pacer';
import { loadWorkerConfig } from '../../src/config/config';
import { policyOf } from '../../src/config/policy';
import type { ReadChat } from '../../src/domain/published';
import type { Window } from '../../src/domain/window';
import type { Sink } from '../../src/sinks/sink';
import type { Policy } from '../../src/config/policy';
import { newState, type Report, type State } from '../../src/domain/state';
import type { Activities } from '../../src/workflows/activity-proxies';
import { SourceState } from '../../src/workflows/source-state';
import { sync } from '../../src/workflows/sync';
import { createVirtualTime, type VirtualTime } from '../support/virtual-time';
import type { FailureKind } from '../../src/domain/failure-kinds';

// No chat, no answer, no size and no clock stops a source, or keeps what was read of other chats from being published, for
// more than ten minutes. Here an hour takes no time: what passes is virtual.

const { WALK_SEED = '20261125', LIVENESS_RUNS = '30' } = process.env;
jest.setTimeout(120_000);

const MINUTE = 60_000;
const TEN_MINUTES = 10 * MINUTE;
const START = Date.parse('2026-11-01T00:00:00Z');
const POLICY = policyOf(loadWorkerConfig({ ANTHROPIC_COMPLIANCE_ACCESS_KEY: 'k' }).settings, 'test');

/** How a chat's messages fail for ever, and how long it takes the server to say so. */
interface Trouble {
  kind: FailureKind;
  ms: number;
  status?: number;
}
const TROUBLES: readonly Trouble[] = [
  { kind: 'server-error', ms: 200, status: 500 },
  { kind: 'overloaded', ms: 60_000, status: 504 },
  { kind: 'overloaded', ms: 100, status: 503 },
  { kind: 'timeout', ms: 71_000 },
  { kind: 'timeout', ms: 190_000 },
  { kind: 'network', ms: 10 },
  { kind: 'cut-short', ms: 1000, status: 200 },
  { kind: 'unexpected-shape', ms: 300, status: 200 },
  { kind: 'never', ms: 100, status: 503 },
  { kind: 'redirect', ms: 100, status: 302 },
  { kind: 'bad-request', ms: 100, status: 400 },
  { kind: 'forbidden', ms: 100, status: 403 },
  { kind: 'unauthorized', ms: 100, status: 401 },
  { kind: 'unauthenticated', ms: 100, status: 404 },
  { kind: 'unnamed-404', ms: 100, status: 404 },
  { kind: 'not-the-api', ms: 100, status: 404 },
  { kind: 'too-large', ms: 2000, status: 200 },
];

interface Tenant {
  chats: readonly string[];
  /** Of the chats that cannot be read. */
  troubles: ReadonlyMap<string, Trouble>;
  latencyMs: number;
  rate: number;
  /** Each organization's; the chats are theirs in turn. */
  users?: readonly (readonly string[])[];
  /** While it lasts everybody gets this, from some endpoints or from all, or what asks for this id alone. */
  outage?: { trouble: Trouble; from: number; to: number; endpoints: readonly Endpoint[]; id?: string };
}

function createApi(tenant: Tenant, time: VirtualTime, readAt: Map<string, number>): ComplianceApi {
  const pacer = createPacer({ requestsPerSecond: tenant.rate, workers: 1, clock: time, maxWaitMs: Infinity });
  async function answer<T>(endpoint: Endpoint, signal: AbortSignal | undefined, id: string | undefined, body: () => T) {
    await pacer.turn(signal);
    const { outage } = tenant;
    const isNow = outage && time.now() >= outage.from && time.now() < outage.to;
    const isOut = isNow && outage.endpoints.includes(endpoint) && (outage.id === undefined || id?.includes(outage.id));
    const trouble = isOut ? outage.trouble : tenant.troubles.get(id ?? '');
    await time.sleep(trouble?.ms ?? tenant.latencyMs, signal);
    if (trouble) throw new ApiError(trouble.kind, { endpoint, status: trouble.status });
    return { body: body(), requestId: 'req_1', serverTimeMs: time.now(), [Symbol.dispose]: () => undefined };
  }
  const updated_at = '2026-10-31T12:00:00Z';
  const { users = [] } = tenant;
  const everyone = users.flat();
  return {
    listOrganizations: (_query, options) =>
      answer('organizations', options?.signal, undefined, () => ({
        data: users.map((_, index) => ({ id: `org_${index}`, uuid: String(index), name: '', created_at: updated_at })),
      })),
    listOrganizationUsers: (uuid, _query, options) =>
      answer('users', options?.signal, `organization ${uuid}`, () => ({
        data: (users[Number(uuid)] ?? []).map((id) => ({ id })),
      })),
    listChats: ({ after_id, limit = 1000, 'user_ids[]': user_ids }, options) =>
      answer('chats', options?.signal, user_ids?.join(), () => {
        const from = after_id === undefined ? 0 : Number(after_id);
        const listed = tenant.chats.filter(
          (_, index) => user_ids === undefined || user_ids.includes(everyone[index % everyone.length] ?? ''),
        );
        const data = listed.slice(from, from + limit).map((id) => ({ id, created_at: updated_at, updated_at }));
        return { data, has_more: from + limit < listed.length, last_id: String(from + limit) };
      }),
    getChatMessages: async (chatId, _query, { signal } = {}) => {
      const chat = { id: chatId, updated_at, has_more: false, last_id: null, chat_messages: [] };
      const found = await answer('messages', signal, chatId, () => chat);
      readAt.set(chatId, readAt.get(chatId) ?? time.now());
      return found;
    },
    close: () => Promise.resolve(),
  };
}

/** Remembers when each chat was published. */
function createSink(time: VirtualTime) {
  const publishedAt = new Map<string, number>();
  const sink = {
    name: 'file',
    write: () => Promise.reject(new Error('no chat here has a message')),
    publish: (_window: Window, chats: ReadChat[], gone: readonly string[] = []) => {
      for (const { chatId } of chats) if (!publishedAt.has(chatId)) publishedAt.set(chatId, time.now());
      const totals = { chats: publishedAt.size, records: 0 };
      return Promise.resolve({ totals, healed: [], gone: gone.length, conflicts: 0, closed: false });
    },
    has: (_window, chatId) => Promise.resolve(publishedAt.has(chatId)),
  } satisfies Sink;
  return { sink, publishedAt };
}

// One each for all walks: every promise passes on what each storage that was ever made holds.
const contexts = new AsyncLocalStorage<AttemptContext>();
const scopes = new AsyncLocalStorage<AbortController>();

/** As Temporal runs them: each tried again after its back-off until it ends or is cancelled. A request takes no slot (worker/api-slots.ts). */
function createActivities(api: ComplianceApi, sink: Sink, time: VirtualTime, cancelled: () => AbortSignal): Activities {
  const context = () => contexts.getStore()!;
  const calls = createApiActivities({ api, sink, context, policy: POLICY, metrics: { violated: () => undefined } });

  async function untilItEnds<T>(call: () => Promise<T>, tries: number): Promise<T> {
    const signal = cancelled();
    let details: unknown;
    const heartbeat = (memory: object): void => void (details = structuredClone(memory));
    for (let attempt = 1; ; attempt++) {
      try {
        const attempted = {
          details,
          attempt,
          signal,
          heartbeat,
          sayInHeartbeats: () => undefined,
          now: () => time.now(),
        };
        signal.throwIfAborted();
        return await contexts.run(attempted, call);
      } catch (error) {
        if (signal.aborted) throw new CancelledFailure('called off');
        if (!(error instanceof ApplicationFailure) || error.nonRetryable || attempt === tries) throw error;
        const backOffMs = Math.min(1000 * 2 ** (attempt - 1), 30_000);
        await time.sleep(Number(error.nextRetryDelay ?? backOffMs), signal).catch(() => {
          throw new CancelledFailure('called off');
        });
      }
    }
  }
  return {
    readPolicy: () => Promise.resolve(POLICY),
    readLedger: () => Promise.resolve({ kept: true, missing: null, last: null, unfinished: [] }),
    discoverOrganizations: (request) => untilItEnds(() => calls.discoverOrganizations(request), Infinity),
    discoverUsers: (request) => untilItEnds(() => calls.discoverUsers(request), Infinity),
    fetchChatPage: (request) => untilItEnds(() => calls.fetchChatPage(request), Infinity),
    emitMessages: (request) => untilItEnds(() => calls.emitMessages(request), request.parked ? 3 : Infinity),
    checkChat: (request) => untilItEnds(() => calls.checkChat(request), 3),
    publishPart: ({ window, chats, gone }) => sink.publish!(window, chats, gone),
    claimArchive: ({ id }) => Promise.resolve(id),
    commitWindow: () => Promise.resolve(),
  };
}

interface Walked {
  report: Report | ApplicationFailure;
  state: State;
  ms: number;
  readAt: ReadonlyMap<string, number>;
  publishedAt: ReadonlyMap<string, number>;
}

/** Many listen to one. */
function scopeOf(): AbortController {
  const scope = new AbortController();
  setMaxListeners(0, scope.signal);
  return scope;
}

/** One sync of the tenant from its start to its end. */
async function walkThrough(
  tenant: Tenant,
  policy: Partial<Policy>,
  before = newState('test'),
  longestRunMs = Infinity,
): Promise<Walked> {
  const time = createVirtualTime(START);
  const readAt = new Map<string, number>();
  const { sink, publishedAt } = createSink(time);
  const uncancelled = scopeOf();
  const activities = {
    ...createActivities(createApi(tenant, time, readAt), sink, time, () => (scopes.getStore() ?? uncancelled).signal),
    readPolicy: () => Promise.resolve({ ...POLICY, backfillStart: '2026-10-01T00:00:00.000Z', ...policy }),
  };
  let begunAt = START;
  const sourceOf = (state: State): SourceState =>
    new SourceState(state, {
      remember: () => undefined,
      show: () => undefined,
      mustContinueAsNew: () => time.now() - begunAt > longestRunMs,
      now: () => time.now(),
      after: (ms, run) => time.after(ms, run),
      scope() {
        const own = scopeOf();
        return { run: (work) => scopes.run(own, work), cancel: () => own.abort(new Error('called off')) };
      },
    });
  let source = sourceOf({ ...before, running: {} });
  async function run(): Promise<Report | ApplicationFailure> {
    for (;;) {
      const report = await sync(activities, source).catch((error: unknown) => {
        if (error instanceof ApplicationFailure) return error;
        throw error;
      });
      if (report !== 'interrupted') return report;
      source = sourceOf(source.state);
      begunAt = time.now();
    }
  }
  const report = await time.until(run(), 7 * 24 * 60 * MINUTE);
  return { report, state: source.state, ms: time.now() - START, readAt, publishedAt };
}

const idsOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `chat_${index}`);
/** What all requests take, one after the other. */
const busyMs = ({ chats, rate }: Tenant): number => (chats.length / rate) * 1000;

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

describe('what fails for ever beside what does not', () => {
  const [failing] = TROUBLES as [Trouble];
  const hanging: Trouble = { kind: 'timeout', ms: 190_000 };
  const users = ['a', 'b'].map((name) => Array.from({ length: 25 }, (_, index) => `user_${name}${index}`));
  const tenant = { chats: idsOf(100), troubles: new Map<string, Trouble>(), latencyMs: 300, rate: 4 };
  const forEver = (endpoint: Endpoint, id?: string): Tenant => ({
    ...tenant,
    users,
    outage: { trouble: failing, from: START, to: Infinity, endpoints: [endpoint], ...(id !== undefined && { id }) },
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
      const troubles = new Map([['chat_7', hanging]]);
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

  test('two hundred parked chats that hang hold no sync up, and each has its turn', async () => {
    const parked = idsOf(200).map((chatId) => ({
      chatId,
      from: '2026-10-01T00:00:00.000Z',
      to: '2026-10-02T00:00:00.000Z',
      reason: 'it hangs',
      since: '2026-10-02T00:00:00.000Z',
    }));
    const troubles = new Map(parked.map(({ chatId }) => [chatId, hanging]));
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
      const troubles = new Map(chats.map((chatId) => [chatId, failing]));
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
  const outage = (trouble: Trouble, endpoints: readonly Endpoint[], from: number, minutes: number): Tenant => ({
    ...tenant,
    outage: { trouble, endpoints, from: START + from, to: START + from + minutes * MINUTE },
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

  test.each(lasting)('a refusal of everybody stops the sync, and parks nobody: $kind', async (trouble) => {
    for (const from of [0, 20_000]) {
      const { report, state, publishedAt, ms } = await walkThrough(outage(trouble, ['messages'], from, 60), {
        onChatFailure: 'park',
      });
      expect(report).toBeInstanceOf(ApplicationFailure);
      expect(state.parked).toEqual([]);
      expect(ms).toBeLessThan(5 * MINUTE);
      // What was read before is published, and what is left comes out once it is mended.
      const mended = await walkThrough({ ...tenant }, { onChatFailure: 'park' }, { ...state, running: undefined });
      expect(mended.report).toMatchObject({ outcome: 'completed', parked: 0 });
      expect(new Set([...publishedAt.keys(), ...mended.publishedAt.keys()]).size).toBe(80);
    }
  });
});
