import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { createApiActivities } from '../../src/activities/api-activities';
import type { AttemptContext } from '../../src/activities/attempt';
import type { ChatQuery } from '../../src/compliance-api/query';
import type { ChatPage } from '../../src/compliance-api/schemas';
import { memoSchema } from '../../src/domain/memo';
import { memoOf } from '../../src/workflows/memo';
import type { ComplianceApi } from '../../src/compliance-api/client';
import { ApiError, type Endpoint } from '../../src/compliance-api/errors';
import { createPacer } from '../../src/compliance-api/pacer';
import { loadWorkerConfig } from '../../src/config/config';
import { policyOf } from '../../src/config/policy';
import type { ReadChat } from '../../src/domain/published';
import type { Window } from '../../src/domain/window';
import type { Archive } from '../../src/archive/archive';
import type { Policy } from '../../src/config/policy';
import { newState, type Report, type State } from '../../src/domain/state';
import type { Activities } from '../../src/workflows/activity-proxies';
import { SourceState } from '../../src/workflows/source-state';
import { sync } from '../../src/workflows/sync';
import { partialArchive } from './partial-archive';
import { createVirtualTime, type VirtualTime } from './virtual-time';
import { noArchivedChats } from './no-archived-chats';
import type { FailureKind } from '../../src/domain/failure-kinds';

// Syncs in virtual time: an hour of waiting takes none.

export const MINUTE = 60_000;
export const TEN_MINUTES = 10 * MINUTE;
export const START = Date.parse('2026-11-01T00:00:00Z');
const POLICY = policyOf(loadWorkerConfig({ ANTHROPIC_COMPLIANCE_ACCESS_KEY: 'k' }).settings, 'test');

/** How a chat's messages fail for ever, and how long it takes the server to say so. */
export interface Trouble {
  kind: FailureKind;
  ms: number;
  status?: number;
}
export const FAILING: Trouble = { kind: 'server-error', ms: 200, status: 500 };
export const HANGING: Trouble = { kind: 'timeout', ms: 190_000 };
export const TROUBLES: readonly Trouble[] = [
  FAILING,
  { kind: 'overloaded', ms: 60_000, status: 504 },
  { kind: 'overloaded', ms: 100, status: 503 },
  { kind: 'timeout', ms: 71_000 },
  HANGING,
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

export interface VirtualTenant {
  chats: readonly string[];
  /** Of the chats that cannot be read. */
  troubles: ReadonlyMap<string, Trouble>;
  latencyMs: number;
  rate: number;
  /** Each organization's; the chats are theirs in turn. */
  users?: readonly (readonly string[])[];
  /** Whatever else fails. @param id A chat's, an organization's, or those of the users whose chats are listed. @param at ms since the start. */
  fails?: (endpoint: Endpoint, id: string, at: number) => Trouble | undefined | false;
  /** Instead of a page of the chat list. */
  lists?: (query: ChatQuery, at: number) => object | undefined | false;
}

function createApi(tenant: VirtualTenant, time: VirtualTime, readAt: Map<string, number>): ComplianceApi {
  const pacer = createPacer({ requestsPerSecond: tenant.rate, workers: 1, clock: time, maxWaitMs: Infinity });
  async function answer<T>(endpoint: Endpoint, signal: AbortSignal | undefined, id: string | undefined, body: () => T) {
    await pacer.turn(signal);
    const trouble = tenant.fails?.(endpoint, id ?? '', time.now() - START) || tenant.troubles.get(id ?? '');
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
    listChats: (query, options) =>
      answer('chats', options?.signal, query['user_ids[]']?.join(), () => {
        const { after_id, limit = 1000, 'user_ids[]': user_ids } = query;
        const own = tenant.lists?.(query, time.now() - START);
        if (own) return own as ChatPage;
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
function createArchive(time: VirtualTime) {
  const publishedAt = new Map<string, number>();
  const archive = partialArchive({
    write: () => Promise.reject(new Error('no chat here has a message')),
    publish: (_window: Window, chats: ReadChat[], gone: readonly string[] = []) => {
      for (const { chatId } of chats) if (!publishedAt.has(chatId)) publishedAt.set(chatId, time.now());
      const totals = { chats: publishedAt.size, records: 0 };
      return Promise.resolve({ totals, healed: [], gone: gone.length, conflicts: 0, closed: false });
    },
    has: (_window, chatId) => Promise.resolve(publishedAt.has(chatId)),
  });
  return { archive, publishedAt };
}

// One each for all walks: every promise passes on what each storage that was ever made holds.
const contexts = new AsyncLocalStorage<AttemptContext>();
const scopes = new AsyncLocalStorage<AbortController>();

/** As Temporal runs them: each tried again after its back-off until it ends or is cancelled. A request takes no slot (worker/api-slots.ts). */
function createActivities(
  api: ComplianceApi,
  archive: Archive,
  time: VirtualTime,
  cancelled: () => AbortSignal,
): Activities {
  const context = () => contexts.getStore()!;
  const calls = createApiActivities({
    api,
    archive,
    chats: noArchivedChats,
    context,
    policy: POLICY,
    metrics: { violated: () => undefined },
  });

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
    readLedger: ({ archive: id }) =>
      Promise.resolve({ archive: id, missing: null, altered: false, last: null, unfinished: [] }),
    discoverOrganizations: (request) => untilItEnds(() => calls.discoverOrganizations(request), Infinity),
    discoverUsers: (request) => untilItEnds(() => calls.discoverUsers(request), Infinity),
    fetchChatPage: (request) => untilItEnds(() => calls.fetchChatPage(request), Infinity),
    emitMessages: (request) => untilItEnds(() => calls.emitMessages(request), request.parked ? 3 : Infinity),
    checkChat: (request) => untilItEnds(() => calls.checkChat(request), 3),
    publishPart: ({ window, chats, gone }) => archive.publish(window, chats, gone),
    chatsToRecover: () => Promise.resolve([]),
    takenOver: () => Promise.resolve(),
    beginCensus: () => Promise.resolve(false),
    claimArchive: ({ id }) => Promise.resolve(id),
    commitWindow: () => Promise.resolve(null),
    recordEvents: () => Promise.resolve(null),
  };
}

export interface Walked {
  /** What the memo held, each time the state was remembered. */
  memos: readonly { at: number; state: State }[];
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
export async function walkThrough(
  tenant: VirtualTenant,
  policy: Partial<Policy>,
  before = newState('test'),
  longestRunMs = Infinity,
): Promise<Walked> {
  const time = createVirtualTime(START);
  const readAt = new Map<string, number>();
  const { archive, publishedAt } = createArchive(time);
  const memos: { at: number; state: State }[] = [];
  const uncancelled = scopeOf();
  const activities = {
    ...createActivities(
      createApi(tenant, time, readAt),
      archive,
      time,
      () => (scopes.getStore() ?? uncancelled).signal,
    ),
    readPolicy: () => Promise.resolve({ ...POLICY, backfillStart: '2026-10-01T00:00:00.000Z', ...policy }),
  };
  let begunAt = START;
  const sourceOf = (state: State): SourceState =>
    new SourceState(state, {
      remember: (state) => void memos.push({ at: time.now(), state: fromMemo(state) }),
      show: () => undefined,
      chainId: 'chain',
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
  return { report, state: source.state, ms: time.now() - START, readAt, publishedAt, memos };
}

/** What a source that was terminated goes on from. */
function fromMemo(state: State): State {
  const { running: _, ...kept } = memoSchema.parse(JSON.parse(JSON.stringify(memoOf(state))));
  return kept;
}

export const idsOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `chat_${index}`);
/** What all requests take, one after the other. */
export const busyMs = ({ chats, rate }: VirtualTenant): number => (chats.length / rate) * 1000;
