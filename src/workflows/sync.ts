import { sinceWith } from '../domain/backfill';
import type { Counters, Report, Unfinished } from '../domain/state';
import type { Activities } from './activity-proxies';
import { askForOneChat } from './backfill';
import { counting } from './counting';
import { failureDetails } from './failures';
import { begin } from './opening';
import { retryParked } from './parking';
import { completedReport, nothingToDo } from '../domain/report';
import { walk } from './walk';
import type { SourceState } from './source-state';

/**
 * Runs one sync, or the rest of an interrupted one: opens the window (or takes up the unfinished one), compares it with
 * the sink's ledger, walks, commits, and only then moves the timestamp.
 *
 * @returns the report, or `interrupted`: the caller continues as new, and the sync goes on there.
 */
export async function sync(activities: Activities, source: SourceState): Promise<Report | 'interrupted'> {
  const begun = source.state.running?.policy;
  const policy = begun ?? (await activities.readPolicy());
  if (!begun) {
    source.change({ running: { policy } });
    const { unfinished, warnings } = await begin(activities, policy, source).catch((error: unknown) => {
      const { unfinished: before } = source.state;
      if (before) source.note({ unfinished: withCounts(before, { requests: failureDetails(error).requests }) });
      throw error;
    });
    if (unfinished === null) return nothingToDo(policy, source.state, warnings);
    source.change({ unfinished });
  }
  const { window } = source.unfinished;
  const counted = counting(activities, (add) => source.note({ unfinished: withCounts(source.unfinished, add) }));
  if (window.from === window.to) {
    await askForOneChat(counted, policy, window);
  } else {
    for (const step of [walk, retryParked]) {
      if ((await step(counted, policy, source)) === 'interrupted') return 'interrupted';
    }
  }
  const { counters, checkpoint } = source.unfinished;
  const totals = { chats: counters.chats, records: counters.messages };
  const closing = { outcome: 'completed', totals, requestId: checkpoint?.requestId ?? null } as const;
  await activities.commitWindow({ window, sink: policy.sink, closing });
  const report = completedReport(policy, source.state, source.unfinished);
  // The timestamp moves here, and nowhere else but by `rewind`.
  source.change({
    syncedThrough: window.to,
    since: sinceWith(source.state, window),
    unfinished: undefined,
    filters: policy.filters,
    sink: policy.sink,
  });
  return report;
}

function withCounts(unfinished: Unfinished, add: Partial<Counters>): Unfinished {
  const counters = { ...unfinished.counters };
  counters.requests += add.requests ?? 0;
  counters.violations += add.violations ?? 0;
  return { ...unfinished, counters };
}
