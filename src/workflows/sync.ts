import { sinceWith } from '../domain/backfill';
import type { Counters, Report, State, Unfinished } from '../domain/state';
import type { Activities } from './activity-proxies';
import { askForOneChat } from './backfill';
import { counting } from './counting';
import { failureDetails } from './failures';
import { begin } from './opening';
import { retryParked } from './parking';
import { completedReport, nothingToDo } from '../domain/report';
import { unfinishedOf, type SyncHost } from './sync-host';
import { walk } from './walk';
import type { WalkHost } from './walk-host';

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
      if (before) host.note({ unfinished: withCounts(before, { requests: failureDetails(error).requests }) });
      throw error;
    });
    if (unfinished === null) return nothingToDo(policy, host.state, warnings);
    host.change({ unfinished });
  }
  const { window } = unfinishedOf(host);
  const counted = counting(activities, (add) => host.note({ unfinished: withCounts(unfinishedOf(host), add) }));
  if (window.from === window.to) {
    await askForOneChat(counted, policy, window);
  } else {
    const place = walkHost(host);
    for (const step of [walk, retryParked]) {
      if ((await step(counted, policy, place)) === 'interrupted') return 'interrupted';
    }
  }
  const { counters, checkpoint } = unfinishedOf(host);
  const totals = { chats: counters.chats, records: counters.messages };
  const closing = { outcome: 'completed', totals, requestId: checkpoint?.requestId ?? null } as const;
  await activities.commitWindow({ window, sink: policy.sink, closing });
  const report = completedReport(policy, host.state, unfinishedOf(host));
  // The timestamp moves here, and nowhere else but by `rewind`.
  host.change({
    syncedThrough: window.to,
    since: sinceWith(host.state, window),
    unfinished: undefined,
    filters: policy.filters,
    sink: policy.sink,
  });
  return report;
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
    after: (ms, run) => host.after(ms, run),
    scope: () => host.scope(),
  };
}

function withCounts(unfinished: Unfinished, add: Partial<Counters>): Unfinished {
  const counters = { ...unfinished.counters };
  counters.requests += add.requests ?? 0;
  counters.violations += add.violations ?? 0;
  return { ...unfinished, counters };
}
