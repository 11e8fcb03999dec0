import { AsyncLocalStorage } from 'node:async_hooks';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import fc from 'fast-check';
import {
  createTenant,
  DEMO_KEY,
  startSimulator,
  type FaultKind,
  type Generation,
  type Tenant,
  type TrueMessage,
} from '../../simulator';
import { createRandom, type Random } from '../../simulator/random';
import { createApiActivities } from '../../src/activities/api-activities';
import type { AttemptContext } from '../../src/activities/attempt';
import { toFailure } from '../../src/activities/failures';
import type { ApiActivities } from '../../src/activities/types';
import { createComplianceApi } from '../../src/compliance-api/client';
import { createPacer } from '../../src/compliance-api/pacer';
import { loadWorkerConfig } from '../../src/config/config';
import { policyOf } from '../../src/config/policy';

import { ArchiveError } from '../../src/archive/archive';
import type { Policy } from '../../src/config/policy';
import { newState, stateSchema, type State } from '../../src/domain/state';
import type { Activities } from '../../src/workflows/activity-proxies';
import { condensed } from '../../src/workflows/checkpoint';
import { SourceState } from '../../src/workflows/source-state';
import { sync } from '../../src/workflows/sync';
import { createMemoryArchive } from '../support/memory-archive';
import { noArchivedChats } from '../support/no-archived-chats';
import { expectExactly } from '../support/exact';

const { WALK_SEED = '20260922', WALK_RUNS = '40' } = process.env;
const DAY = { from: '2026-09-01T00:00:00Z', to: '2026-09-02T00:00:00Z' };
const POLICY = policyOf(loadWorkerConfig({ ANTHROPIC_COMPLIANCE_ACCESS_KEY: DEMO_KEY }).settings, 'test');
const PASSING: readonly FaultKind[] = ['500', '503', '502-html', 'reset', 'cut-body', 'cut-json', 'wrong-length'];
/** What comes often enough ends the walk. */
const LASTING: readonly FaultKind[] = ['500-no-retry', '503-no-retry', 'other-shape', '200-html', '400', '403', '404'];
const FAULTS: readonly FaultKind[] = [...PASSING, ...PASSING, ...LASTING];

const LONGEST_MS = 60_000 + Number(WALK_RUNS) * 1000;
jest.setTimeout(LONGEST_MS + 30_000);

const upTo = (most: number) => fc.constantFrom(0, most / 5, most);
const precision = fc.constantFrom('seconds' as const, 'millis' as const, 'micros' as const);
/** Every way in which a source can list its chats; the last is what a server that is upgraded now and then is like. */
const sources = fc.constantFrom<{ generations: Generation[]; listing: Policy['listing'] }>(
  { generations: ['now'], listing: 'auto' },
  { generations: ['now'], listing: 'organization' },
  { generations: ['now'], listing: 'per-user' },
  { generations: ['mid'], listing: 'per-user' },
  { generations: ['legacy'], listing: 'auto' },
  { generations: ['legacy'], listing: 'per-user' },
  { generations: ['legacy', 'mid', 'now'], listing: 'auto' },
);
const scenarios = fc.record({
  seed: fc.nat(),
  source: sources,
  organizations: fc.integer({ min: 1, max: 3 }),
  usersPerOrganization: fc.constantFrom(1, 4, 12, 25),
  guests: upTo(0.5),
  usersRemoved: upTo(0.2),
  windows: fc.integer({ min: 3, max: 6 }),
  chats: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 15, max: 40 }) }, fc.integer({ min: 65, max: 90 })),
  mostMessages: fc.integer({ min: 1, max: 6 }),
  timestamps: fc.record({ chats: precision, messages: precision }),
  onChatFailure: fc.constantFrom('fail' as const, 'park' as const),
  /** One of them for each sync: a window that is taken up under another one is walked from its start. */
  pageSizes: fc.array(fc.constantFrom(1, 2, 3, 5, 10, 1000, 1000), { minLength: 1, maxLength: 3 }),
  backfillStart: fc.constantFrom(DAY.from, DAY.from, '2026-09-01T12:00:00Z', null),
  settleSeconds: fc.integer({ min: 0, max: 3 }),
  ourClockAheadMs: fc.constantFrom(0, -1500, -20_000, 20_000),
  sendDate: fc.boolean(),
  mostMsBetweenRequests: fc.constantFrom(0, 40, 900),
  requestsBetweenChanges: fc.constantFrom(undefined, 2, 3, 5, 10),
  bursts: upTo(0.06),
  faults: upTo(0.2),
  keysRevoked: upTo(0.01),
  resultsLost: upTo(0.2),
  archiveFailures: upTo(0.2),
  cursorsRefused: upTo(0.2),
  interruptions: upTo(0.1),
  cancellations: upTo(0.03),
  terminations: upTo(0.03),
  resets: upTo(0.1),
});
type Scenario = typeof scenarios extends fc.Arbitrary<infer T> ? T : never;
/** Of the attempt that runs. */
const contexts = new AsyncLocalStorage<AttemptContext>();

interface World {
  scenario: Scenario;
  random: Random;
  calls: ApiActivities;
  archive: ReturnType<typeof createMemoryArchive>['archive'];
  /** Whether something befalls us here; never once things are quiet. */
  happens: (probability: number) => boolean;
  readPolicy: () => Policy;
  beforeAttempt: () => void;
  now: () => number;
}

/** Several things happen at once. A message may become visible as late as the settle time allows. */
function burst(tenant: Tenant, random: Random, { settleSeconds, usersRemoved }: Scenario): void {
  // Somebody stays: a tenant without users is refused.
  const [, ...others] = tenant.users.keys();
  if (others.length > 0 && random.chance(usersRemoved)) tenant.removeUser(random.pick(others));
  for (let i = random.int(1, 8); i > 0; i--) {
    const live = [...tenant.chats.values()].filter((chat) => chat.deletedAt === null);
    const chat = live.length === 0 || random.chance(0.2) ? tenant.addChat() : random.pick(live);
    const what = random.next();
    if (what < 0.05) tenant.hardDeleteChat(chat.id);
    else if (what < 0.1) tenant.deleteChat(chat.id);
    else if (what < 0.2) tenant.moveChat(chat.id, null);
    else {
      const now = tenant.clock();
      const createdAt = Math.max(chat.createdAt / 1000, now - random.int(0, settleSeconds * 1000));
      for (let left = random.int(1, 4); left > 0; left--) {
        tenant.addMessage(chat.id, { createdAt, at: random.pick([now, createdAt]) });
      }
    }
  }
}

/**
 * Does to the activities of one run what Temporal may do: they run in any order, each again with the same input until
 * its result is heard of. One at a time, so that a seed repeats what it did.
 */
function createActivities(world: World): { activities: Activities; end: () => string | undefined } {
  const { random, archive, happens } = world;
  const { resultsLost, cursorsRefused, cancellations, terminations } = world.scenario;
  const waiting: (() => Promise<void>)[] = [];
  let turn: Promise<void> = Promise.resolve();
  let end: 'cancelled' | 'terminated' | undefined;
  const endsHere = (): boolean => {
    end ??= happens(cancellations / 2) ? 'cancelled' : happens(terminations / 2) ? 'terminated' : undefined;
    return end !== undefined;
  };

  async function untilItEnds<T>(attempt: (attempt: number) => Promise<T>, tries: number): Promise<T> {
    for (let tried = 1; !endsHere(); tried++) {
      world.beforeAttempt();
      try {
        const result = await attempt(tried);
        if (!happens(resultsLost) && !endsHere()) return result;
      } catch (error) {
        if (!(error instanceof ApplicationFailure || error instanceof ArchiveError)) throw error;
        const failure = toFailure(error);
        if (failure.nonRetryable || tried === tries) throw failure;
      }
    }
    throw new CancelledFailure(end);
  }

  const schedule = <T>(attempt: (attempt: number) => Promise<T>, tries = Infinity): Promise<T> =>
    new Promise((resolve, reject) => {
      waiting.push(() => untilItEnds(attempt, tries).then(resolve, reject));
      turn = turn.then(() => waiting.splice(random.int(0, waiting.length - 1), 1)[0]?.());
    });
  /** What attempts remember is lost now and then: their worker died. */
  const call = <T>(limit: number, run: () => Promise<T>, tries?: number): Promise<T> => {
    let details: unknown;
    const signal = new AbortController().signal;
    return schedule((attempt) => {
      if (happens(0.05)) details = undefined;
      const known = details ?? { requests: attempt - 1 };
      if (happens(0.2)) details = { ...known, limit: random.int(1, limit) };
      const heartbeat = (memory: object): void => void (details = structuredClone(memory));
      return contexts.run(
        { details, attempt, signal, heartbeat, sayInHeartbeats: () => undefined, now: world.now },
        run,
      );
    }, tries);
  };
  const { calls } = world;
  const activities: Activities = {
    readPolicy: () => schedule(() => Promise.resolve(world.readPolicy())),
    discoverOrganizations: (request) => call(request.limit, () => calls.discoverOrganizations(request)),
    discoverUsers: (request) =>
      call(request.limit, () => {
        const isRefused = request.page !== null && happens(cursorsRefused);
        return calls.discoverUsers(isRefused ? { ...request, page: 'expired' } : request);
      }),
    readLedger: ({ archive: id }) =>
      schedule(async () => ({
        last: await archive.last(),
        unfinished: await archive.unfinished(),
        archive: id,
        missing: null,
        altered: false,
      })),
    chatsToRecover: () => Promise.resolve([]),
    takenOver: () => Promise.resolve(),
    beginCensus: () => Promise.resolve(false),
    claimArchive: ({ id }) => schedule(() => Promise.resolve(id)),
    fetchChatPage: (request) =>
      call(request.pageSize, () => {
        const isRefused = request.afterId !== null && happens(cursorsRefused);
        return calls.fetchChatPage(isRefused ? { ...request, afterId: 'expired' } : request);
      }),
    emitMessages: (request) =>
      call(request.pageSize, () => calls.emitMessages(request), request.parked ? 3 : undefined),
    checkChat: (request) => call(1, () => calls.checkChat(request), 3),
    publishPart: ({ window, chats, gone }) => schedule(() => archive.publish(window, chats, gone)),
    commitWindow: ({ window, closing }) => schedule(() => archive.commit(window, closing)),
    recordEvents: () => Promise.resolve(null),
  };
  return { activities, end: () => end };
}

/** As it is found in the memo by whoever starts a source again that was terminated. */
function toMemo({ running, unfinished, ...state }: State): string {
  const checkpoint = unfinished?.checkpoint ? condensed(unfinished.checkpoint) : null;
  return JSON.stringify({ ...state, unfinished: unfinished && { ...unfinished, checkpoint, toRetry: [] } });
}

/** The runs of one sync, as chatSync makes them: what goes from one to the next, and into the memo, is JSON. */
async function runSync(world: World, before: State, now: () => number): Promise<State> {
  let input = JSON.stringify({ ...before, running: {} });
  let memo = toMemo(before);
  for (;;) {
    let isLong = false;
    const { activities, end } = createActivities(world);
    const source = new SourceState(stateSchema.parse(JSON.parse(input)), {
      remember(state) {
        if (end() !== 'terminated') memo = toMemo(state);
      },
      show: () => undefined,
      chainId: 'chain',
      mustContinueAsNew: () => (isLong ||= world.happens(world.scenario.interruptions)),
      now,
      after: () => () => undefined,
      scope: () => ({ run: (work) => work(), cancel: () => undefined }),
    });
    try {
      const synced = await sync(activities, source);
      if (synced !== 'interrupted') return { ...source.state, running: undefined };
      input = JSON.stringify(source.state);
    } catch (error) {
      if (!(error instanceof ApplicationFailure || error instanceof CancelledFailure)) throw error;
      return { ...(end() === 'terminated' ? stateSchema.parse(JSON.parse(memo)) : source.state), running: undefined };
    }
  }
}

async function walkWindows(scenario: Scenario): Promise<void> {
  const { seed, settleSeconds, sendDate, ourClockAheadMs, requestsBetweenChanges: every, backfillStart } = scenario;
  const { onChatFailure } = scenario;
  const random = createRandom(seed);
  let clock = Date.parse(DAY.to) + random.int(0, 3000);
  const tenant = createTenant({ ...DAY, ...scenario, messagesPerChat: [0, scenario.mostMessages] });
  for (const user of tenant.users.keys()) {
    if (random.chance(scenario.guests)) tenant.addMember(random.pick([...tenant.organizations.keys()]), user);
  }
  const { generations, listing } = scenario.source;
  const generation = generations[0];
  const served = { tenant, generation, clock: () => clock, sendDate, rateLimitPerMinute: Infinity };
  const simulator = await startSimulator(served);
  const pacer = createPacer({ requestsPerSecond: 1e6, workers: 1 });
  let attempts = 0;
  let quietFrom = 0;
  const happens = (probability: number): boolean => attempts < quietFrom && random.chance(probability);
  const beforeRequest = (): void => {
    clock += random.int(0, scenario.mostMsBetweenRequests);
    if (happens(scenario.bursts)) burst(tenant, random, scenario);
    if (generations.length > 1 && happens(0.01)) simulator.setGeneration(random.pick(generations));
    simulator.setFaults(happens(scenario.faults) ? { rate: 1, kinds: [random.pick(FAULTS)] } : {});
  };
  const accessKey = () => {
    beforeRequest();
    return happens(scenario.keysRevoked) ? 'sk-ant-api01-revoked' : DEMO_KEY;
  };
  const api = createComplianceApi({ baseUrl: simulator.url, accessKey, pacer, version: 'test' });
  const { archive, completed, published } = createMemoryArchive(() => happens(scenario.archiveFailures / 2));
  const context = () => contexts.getStore()!;
  const calls = createApiActivities({
    api,
    archive,
    chats: noArchivedChats,
    context,
    policy: POLICY,
    metrics: { violated: () => undefined },
  });
  const world: World = {
    ...{ scenario, random, calls, archive, happens },
    readPolicy: () => {
      const pageSize = random.pick(scenario.pageSizes);
      return {
        ...POLICY,
        listing,
        pageSize,
        onChatFailure,
        fingerprint: `pages of ${pageSize}`,
        settleSeconds,
        backfillStart,
      };
    },
    beforeAttempt: () => {
      attempts += 1;
      if (attempts === quietFrom) simulator.setLive();
      if (attempts > quietFrom + 2000) throw new Error('the walk does not end');
    },
    now: () => clock,
  };
  // Without the server's clock, ours must not be ahead of it.
  const aheadMs = sendDate ? ourClockAheadMs : Math.min(0, ourClockAheadMs);
  let state = newState('test');
  try {
    while (completed.length < scenario.windows || state.parked.length > 0) {
      // Later attempts on this window are left in peace, so that every walk has an end.
      quietFrom = attempts + 250;
      simulator.setLive(every === undefined ? undefined : { every, seed: `${seed} ${attempts}` });
      const { length } = completed;
      const opening = state;
      while (completed.length === length) {
        // An operator resets a run that began before the window was opened.
        if (happens(scenario.resets)) state = opening;
        state = await runSync(world, state, () => (clock += 500) + aheadMs);
      }
      for (let left = random.int(0, 5); left > 0; left--, clock += 2500) burst(tenant, random, scenario);
    }
  } finally {
    await simulator.close();
    await api.close();
  }
  const records = published();
  expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
  const still = records.filter((record) => !tenant.hardDeletedChats.has(record.chat_id));
  const organizations = [...tenant.organizations.keys()];
  const isMember = (userId: string): boolean => organizations.some((uuid) => tenant.isMember(uuid, userId));
  const hasLeft = ({ userId }: TrueMessage): boolean => userId === null || !isMember(userId);
  const mayMiss = listing === 'per-user' || generation === 'legacy' ? hasLeft : undefined;
  expectExactly(still, tenant, { from: completed[0]?.from, to: completed.at(-1)?.to, mayMiss });
}

describe('the walk', () => {
  it('publishes each message of its windows exactly once, whatever changes, fails and ends meanwhile', async () => {
    const options = { seed: Number(WALK_SEED), numRuns: Number(WALK_RUNS), interruptAfterTimeLimit: LONGEST_MS };
    await fc.assert(fc.asyncProperty(scenarios, walkWindows), { ...options, markInterruptAsFailure: true });
  });
});
