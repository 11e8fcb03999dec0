import { ApplicationFailure } from '@temporalio/workflow';
import { FailureType } from '../contract';
import type { Window } from '../sinks/sink';
import type { Checkpoint, Counters, Policy, Report, State, Unfinished } from '../state';
import type { Activities } from './activity-proxies';
import { ending, takenUpAgain } from './checkpoint';
import { counting, requestsOf } from './counting';
import { firstForm } from './listing';
import { retryParked } from './parking';
import { someOf } from './some-of';
import { walk } from './walk';
import type { WalkHost } from './walk-host';
import { clockSkew, compareWithLedger, openWindow } from './window';

/** A sync's hold on the source: the state as it is now, and the one way to change it. */
export interface SyncHost {
  readonly state: State;
  /** Changes the state, and the memo in the same workflow task. */
  change(next: Partial<State>): void;
  /** Changes what the next run takes over, but not the memo: for what is cheap to lose and changes often. */
  note(next: Partial<State>): void;
  progress(chats: number, messages: number): void;
  mustContinueAsNew(): boolean;
  /** The workflow's clock, ms. */
  now: () => number;
}

const SKEW_WARNING_MS = 60_000;
const NO_COUNTERS: Counters = { chats: 0, messages: 0, requests: 0, gone: 0, skipped: 0, violations: 0 };

/**
 * One sync, or what is left of it: opens the window (or takes up the unfinished one), asks the sink whether it agrees,
 * walks, commits, and only then moves the timestamp.
 *
 * @returns the report, or `interrupted`: the caller continues as new, and the sync goes on there.
 */
export async function sync(activities: Activities, host: SyncHost): Promise<Report | 'interrupted'> {
  const begun = host.state.running?.policy;
  const policy = begun ?? (await activities.readPolicy());
  if (!begun) {
    host.change({ running: { policy } });
    const { unfinished, warnings } = await begin(activities, policy, host).catch((error: unknown) => {
      const { unfinished: before } = host.state;
      if (before) host.note({ unfinished: withCounts(before, { requests: requestsOf(error) }) });
      throw error;
    });
    if (unfinished === null) return nothingToDo(policy, host.state, warnings);
    host.change({ unfinished });
  }
  const { window } = unfinishedOf(host);
  if (window.from !== window.to) {
    const counted = counting(activities, (add) => host.note({ unfinished: withCounts(unfinishedOf(host), add) }));
    const place = walkHost(host);
    for (const step of [walk, retryParked]) {
      if ((await step(counted, policy, place)) === 'interrupted') return 'interrupted';
    }
  }
  const { counters, checkpoint } = unfinishedOf(host);
  const totals = { chats: counters.chats, records: counters.messages };
  const closing = { outcome: 'completed', totals, requestId: checkpoint?.requestId ?? null } as const;
  await activities.commitWindow({ window, sink: policy.sink, closing });
  return completed(policy, host, window);
}

/** Everything before the first chat. `unfinished` is null if there is nothing to do yet. */
async function begin(
  activities: Activities,
  policy: Policy,
  host: SyncHost,
): Promise<{ unfinished: Unfinished | null; warnings: string[] }> {
  const { requests, serverTime, warnings: found } = await lookAtOrganizations(activities, policy);
  const now = host.now();
  const warnings = [...found, ...clockWarnings(host.state, now, serverTime), ...warningsOf(policy, host.state)];
  const ledger = await activities.readLedger(policy.sink);
  const { abandoned, syncedThrough, epoch } = host.state;
  if (abandoned) {
    const closing = { outcome: 'abandoned', totals: { chats: 0, records: 0 }, requestId: null } as const;
    await activities.commitWindow({ window: abandoned, sink: policy.sink, closing });
    host.change({ abandoned: undefined });
  }
  const before = host.state.unfinished;
  const { backfillStart, settleSeconds } = policy;
  const window = before?.window ?? openWindow({ epoch, syncedThrough, backfillStart, now, serverTime, settleSeconds });
  if (window === null) return { unfinished: null, warnings };
  const verdict = compareWithLedger(window, ledger.last);
  if (verdict === 'behind' || verdict === 'hole') {
    throw disagreement(verdict, window, ledger.last, policy.sink, requests);
  }
  if (ledger.kept && ledger.last === null && syncedThrough !== null) {
    warnings.push(`sink ${policy.sink} holds messages since ${window.from} only`);
  }
  const counters = { ...NO_COUNTERS, requests };
  const opened = before
    ? await takenUp(activities, policy, host, before, requests)
    : { window, checkpoint: null, counters, reason: '' };
  const toRetry = host.state.parked.map((chat) => chat.chatId);
  return { unfinished: { ...opened, toRetry, warnings }, warnings };
}

/**
 * The window that an earlier sync left: from its checkpoint, or, if that was made under other settings, from its start.
 * What the sink holds of it counts, whatever the state remembers; if it has closed the window, nothing is left to walk.
 */
async function takenUp(
  activities: Activities,
  policy: Policy,
  host: SyncHost,
  before: Unfinished,
  requests: number,
): Promise<Unfinished> {
  const { window } = before;
  const goesOn = before.checkpoint?.fingerprint === policy.fingerprint && isFruitful(before.checkpoint, policy);
  const kept = goesOn ? before.counters : { ...NO_COUNTERS, requests: before.counters.requests };
  const totals = { chats: kept.chats, records: kept.messages };
  const published = await activities.publishPart({ window, sink: policy.sink, chats: [], totals });
  const healed = new Set(published.healed.map(({ chatId }) => chatId));
  host.change({ parked: host.state.parked.filter(({ chatId }) => !healed.has(chatId)) });
  const counters = {
    ...kept,
    chats: published.totals.chats,
    messages: published.totals.records,
    requests: kept.requests + requests,
  };
  const checkpoint = goesOn && before.checkpoint ? takenUpAgain(before.checkpoint) : null;
  return { ...before, counters, checkpoint: published.closed ? ending(policy, checkpoint) : checkpoint, reason: '' };
}

/** A form that is not the first choice and got nowhere is given up, so that what was refused once is tried again. */
const isFruitful = ({ form, accepted }: Checkpoint, policy: Policy): boolean => accepted || form === firstForm(policy);

/**
 * One request, which also tells the server's clock, and more only to find the organizations that the policy names: by
 * UUID, since the form `org_...` stands on chats alone.
 */
async function lookAtOrganizations(
  activities: Activities,
  { organizationIds, pageSize }: Policy,
): Promise<{ requests: number; serverTime: string | null; warnings: string[] }> {
  const missing = new Set(organizationIds.filter((id) => !id.startsWith('org_')));
  const first = await activities.discoverOrganizations({ page: null, limit: pageSize });
  let { requests } = first;
  for (let found = first; ;) {
    for (const uuid of found.uuids) missing.delete(uuid.toLowerCase());
    if (found.cursorRefused) missing.clear();
    if (missing.size === 0 || found.nextPage === null) break;
    found = await activities.discoverOrganizations({ page: found.nextPage, limit: pageSize });
    requests += found.requests;
  }
  const warnings: string[] = [];
  if (!first.allowed) {
    warnings.push(
      'the key may not list organizations (403, scope read:compliance_org_data): carrying on with chats only',
    );
  } else if (missing.size > 0) {
    warnings.push(`ORGANIZATION_IDS: the key reaches no organization ${someOf([...missing])}`);
  }
  return { requests, serverTime: first.serverTime, warnings };
}

function clockWarnings({ syncedThrough }: State, now: number, serverTime: string | null): string[] {
  const warnings: string[] = [];
  const skewMs = clockSkew(now, serverTime);
  if (Math.abs(skewMs) > SKEW_WARNING_MS) {
    const seconds = Math.round(Math.abs(skewMs) / 1000);
    warnings.push(`the API server's clock is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} this one`);
  }
  if (serverTime !== null && syncedThrough !== null && Date.parse(serverTime) < Date.parse(syncedThrough)) {
    warnings.push(
      `the API server's clock has gone back behind the timestamp ${syncedThrough}: what is written until it has passed that is missed; once it has, \`chat-sync rewind --to ${serverTime}\` brings it`,
    );
  }
  return warnings;
}

function warningsOf(policy: Policy, state: State): string[] {
  const warnings: string[] = [];
  if (state.syncedThrough !== null && policy.backfillStart !== null) {
    warnings.push(
      `BACKFILL_START is ignored: the source is synced through ${state.syncedThrough}; \`chat-sync rewind --to ${policy.backfillStart}\` brings earlier messages`,
    );
  }
  if (state.syncedThrough !== null && state.filters !== undefined && state.filters !== policy.filters) {
    warnings.push(
      `the filters changed: they apply from ${state.syncedThrough} on; earlier messages of what was added are not there (\`chat-sync rewind\` brings them)`,
    );
  }
  return warnings;
}

function disagreement(
  verdict: 'behind' | 'hole',
  window: Window,
  last: Window | null,
  sink: string,
  requests: number,
): ApplicationFailure {
  const end = last?.to ?? '';
  const remedy = {
    behind: `\`chat-sync rewind --to ${end} --skip\` goes on where the sink ends, \`chat-sync rewind --to ${window.from}\` sends what came since once more`,
    hole: `\`chat-sync rewind --to ${end}\` brings the messages between, \`chat-sync rewind --to ${window.from} --skip\` leaves them out`,
  }[verdict];
  return ApplicationFailure.nonRetryable(
    `the sink ${sink} holds messages through ${end}, but this sync would begin at ${window.from}: ${remedy}`,
    FailureType.ledgerDisagrees,
    { requests },
  );
}

/** The timestamp moves here, and nowhere else but by `rewind`. */
function completed(policy: Policy, host: SyncHost, window: Window): Report {
  const { counters, checkpoint, warnings: begun } = unfinishedOf(host);
  const warnings = [...begun];
  if (checkpoint?.form === 'per-user-by-creation') {
    warnings.push(
      'LISTING=per-user: this server lists the chats of users in the order of creation only, so that each sync lists all of them; LISTING=auto is faster, and sees the chats of users who left',
    );
  } else if (checkpoint?.form === 'per-user' && checkpoint.why !== null) {
    warnings.push(`chats were listed per user, without those of users who left: ${checkpoint.why}`);
  }
  if (counters.violations > 0) {
    warnings.push(
      `messages newer than their chat's updated_at: ${counters.violations}; the API broke its promise, later messages may be missed`,
    );
  }
  const { parked } = host.state;
  if (parked.length > 0) {
    const ids = parked.map(({ chatId }) => chatId);
    warnings.push(`parked, and tried again at each sync, since they could not be read: ${someOf(ids)}`);
  }
  const report = reportOf(host.state, { ...window, counters, warnings, outcome: 'completed' });
  host.change({ syncedThrough: window.to, unfinished: undefined, filters: policy.filters });
  return report;
}

function nothingToDo(policy: Policy, state: State, warnings: string[]): Report {
  const at = state.syncedThrough ?? policy.backfillStart;
  return reportOf(state, { from: at, to: at, counters: NO_COUNTERS, warnings, outcome: 'completed' });
}

/** The report of a sync that something ended early. */
export function failedReport(state: State, reason: string, error: unknown): Report {
  const { unfinished } = state;
  const counters = unfinished?.counters ?? { ...NO_COUNTERS, requests: requestsOf(error) };
  const { from, to } = unfinished?.window ?? { from: null, to: null };
  return {
    ...reportOf(state, { from, to, counters, warnings: unfinished?.warnings ?? [], outcome: 'failed' }),
    reason,
  };
}

interface Ended {
  from: string | null;
  to: string | null;
  counters: Counters;
  warnings: string[];
  outcome: Report['outcome'];
}

function reportOf(state: State, { from, to, counters, warnings, outcome }: Ended): Report {
  const { chats, messages, requests, gone, skipped } = counters;
  const { source, parked } = state;
  const figures = { chats, messages, requests, gone, skipped, parked: parked.length };
  return { n: state.n + 1, source, outcome, from, to, ...figures, warnings };
}

function walkHost(host: SyncHost): WalkHost {
  const changes = (next: Partial<Unfinished>, parked = host.state.parked): Partial<State> => ({
    unfinished: { ...unfinishedOf(host), ...next },
    parked,
  });
  return {
    get unfinished() {
      return unfinishedOf(host);
    },
    get parked() {
      return host.state.parked;
    },
    save: (...next) => host.change(changes(...next)),
    note: (...next) => host.note(changes(...next)),
    progress: (chats, messages) => host.progress(chats, messages),
    mustContinueAsNew: () => host.mustContinueAsNew(),
    now: () => host.now(),
  };
}

function unfinishedOf(host: SyncHost): Unfinished {
  if (!host.state.unfinished) throw new TypeError('no window is open');
  return host.state.unfinished;
}

function withCounts(unfinished: Unfinished, add: Partial<Counters>): Unfinished {
  const counters = { ...unfinished.counters };
  counters.requests += add.requests ?? 0;
  counters.skipped += add.skipped ?? 0;
  counters.violations += add.violations ?? 0;
  return { ...unfinished, counters };
}
