import { ApplicationFailure } from '@temporalio/workflow';
import { FailureType } from '../contract';
import type { Window } from '../sinks/sink';
import type { Counters, Policy, Report, State, Unfinished } from '../state';
import type { Activities } from './activity-proxies';
import { requestsOf, walk } from './walk';
import { clockSkew, compareWithLedger, openWindow } from './window';

/** A sync's hold on the source: the state as it is now, and the one way to change it. */
export interface SyncHost {
  readonly state: State;
  /** Changes the state, and the memo in the same workflow task. */
  change(next: Partial<State>): void;
  /** Changes what the next run takes over, but not the memo: for what is cheap to lose and changes often. */
  note(unfinished: Unfinished): void;
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
    const unfinished = await begin(activities, policy, host);
    if (unfinished === null) return nothingToDo(policy, host.state);
    host.change({ unfinished });
  }
  const { window } = unfinishedOf(host);
  if (window.from !== window.to) {
    const end = await walkOf(policy)(activities, policy, {
      get unfinished() {
        return unfinishedOf(host);
      },
      save: (next) => host.change({ unfinished: { ...unfinishedOf(host), ...next } }),
      count: (add) => host.note(counted(unfinishedOf(host), add)),
      progress: (chats, messages) => host.progress(chats, messages),
      mustContinueAsNew: () => host.mustContinueAsNew(),
    });
    if (end === 'interrupted') return 'interrupted';
  }
  const { counters, checkpoint } = unfinishedOf(host);
  const totals = { chats: counters.chats, records: counters.messages };
  const closing = { outcome: 'completed', totals, requestId: checkpoint?.requestId ?? null } as const;
  await activities.commitWindow({ window, sink: policy.sink, closing });
  return completed(policy, host, window);
}

/** Where the listing is chosen. */
function walkOf({ listing }: Policy): typeof walk {
  switch (listing) {
    case 'auto':
    case 'organization':
      return walk;
    case 'per-user':
      throw ApplicationFailure.nonRetryable('LISTING=per-user is not in this version yet', FailureType.apiRefused);
  }
}

/** Everything before the first chat. Null: nothing to do yet. */
async function begin(activities: Activities, policy: Policy, host: SyncHost): Promise<Unfinished | null> {
  const { state } = host;
  const organizations = await activities.discoverOrganizations({ page: null, limit: policy.pageSize });
  const ledger = await activities.readLedger(policy.sink);
  if (state.abandoned) {
    const closing = { outcome: 'abandoned', totals: { chats: 0, records: 0 }, requestId: null } as const;
    await activities.commitWindow({ window: state.abandoned, sink: policy.sink, closing });
    host.change({ abandoned: undefined });
  }
  const warnings = warningsOf(policy, host, organizations.allowed, organizations.serverTime);
  const { syncedThrough, epoch, unfinished } = state;
  const window =
    unfinished?.window ??
    openWindow({
      epoch,
      syncedThrough,
      backfillStart: policy.backfillStart,
      now: host.now(),
      serverTime: organizations.serverTime,
      settleSeconds: policy.settleSeconds,
    });
  if (window === null) return null;
  if (ledger.kept && ledger.last === null && syncedThrough !== null) {
    warnings.push(`sink ${policy.sink} holds messages since ${window.from} only`);
  }
  const counters = unfinished?.counters ?? NO_COUNTERS;
  const begun: Unfinished = {
    window,
    checkpoint: unfinished?.checkpoint ?? null,
    counters: { ...counters, requests: counters.requests + organizations.requests },
    warnings,
    reason: '',
  };
  const verdict = compareWithLedger(window, ledger.last);
  if (verdict === 'behind' || verdict === 'hole') throw disagreement(verdict, window, ledger.last, policy.sink);
  if (verdict === 'follows') return begun;
  return { ...begun, ...(await alreadyCommitted(activities, policy, begun)) };
}

/** The ledger holds this very window already: its totals are taken over, and there is nothing left to walk. */
async function alreadyCommitted(
  activities: Activities,
  policy: Policy,
  begun: Unfinished,
): Promise<Partial<Unfinished>> {
  const totals = { chats: begun.counters.chats, records: begun.counters.messages };
  const published = await activities.publishPart({ window: begun.window, sink: policy.sink, chats: [], totals });
  return {
    counters: { ...begun.counters, chats: published.totals.chats, messages: published.totals.records },
    checkpoint: {
      afterId: null,
      updatedAt: null,
      left: [],
      hasMore: false,
      requestId: begun.checkpoint?.requestId ?? null,
      resumedAt: null,
      fingerprint: policy.fingerprint,
    },
  };
}

function warningsOf(policy: Policy, { state, now }: SyncHost, allowed: boolean, serverTime: string | null): string[] {
  const warnings: string[] = [];
  if (!allowed) {
    warnings.push(
      'the key may not list organizations (403, scope read:compliance_org_data): carrying on with chats only',
    );
  }
  const skew = clockSkew(now(), serverTime);
  if (Math.abs(skew) > SKEW_WARNING_MS) {
    const seconds = Math.round(Math.abs(skew) / 1000);
    warnings.push(`the API server's clock is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} this one`);
  }
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
): ApplicationFailure {
  const end = last?.to ?? '';
  const remedy = {
    behind: `\`chat-sync rewind --to ${end} --skip\` goes on where the sink ends, \`chat-sync rewind --to ${window.from}\` sends what came since once more`,
    hole: `\`chat-sync rewind --to ${end}\` brings the messages between, \`chat-sync rewind --to ${window.from} --skip\` leaves them out`,
  }[verdict];
  return ApplicationFailure.nonRetryable(
    `the sink ${sink} holds messages through ${end}, but this sync would begin at ${window.from}: ${remedy}`,
    FailureType.ledgerDisagrees,
  );
}

/** The timestamp moves here, and nowhere else but by `rewind`. */
function completed(policy: Policy, host: SyncHost, window: Window): Report {
  const { counters, warnings: begun } = unfinishedOf(host);
  const warnings = [...begun];
  if (counters.violations > 0) {
    warnings.push(
      `${counters.violations} messages are newer than their chat's updated_at: the API broke its promise, later messages may be missed`,
    );
  }
  const report = reportOf(host.state, { ...window, counters, warnings, outcome: 'completed' });
  host.change({ syncedThrough: window.to, unfinished: undefined, filters: policy.filters });
  return report;
}

function nothingToDo(policy: Policy, state: State): Report {
  const at = state.syncedThrough ?? policy.backfillStart;
  return reportOf(state, { from: at, to: at, counters: NO_COUNTERS, warnings: [], outcome: 'completed' });
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

function unfinishedOf(host: SyncHost): Unfinished {
  if (!host.state.unfinished) throw new TypeError('no window is open');
  return host.state.unfinished;
}

function counted(unfinished: Unfinished, add: Partial<Counters>): Unfinished {
  const counters = { ...unfinished.counters };
  counters.requests += add.requests ?? 0;
  counters.skipped += add.skipped ?? 0;
  counters.violations += add.violations ?? 0;
  return { ...unfinished, counters };
}
