import { sinceWith } from '../domain/backfill';
import type { Checkpoint } from '../domain/checkpoint';
import { isFiltered } from '../domain/filters';
import type { Counters, Report, State, Unfinished } from '../domain/state';
import type { Window } from '../domain/window';
import type { Policy } from '../config/policy';
import type { Query } from '../domain/published';
import type { Closing } from '../archive/archive';
import type { Activities } from './activity-proxies';
import { askForOneChat } from './backfill';
import { counting } from './counting';
import { failureDetails } from './failures';
import { firstMode } from './listing-mode';
import { begin } from './opening';
import { recover } from './recover';
import { retryParked } from './retry-parked';
import { completedReport, nothingToDo } from '../domain/report';
import { walk } from './walk';
import type { SourceState } from './source-state';

/**
 * Runs one sync, or the rest of an interrupted one: opens the window (or takes up the unfinished one), compares it with
 * the archive's ledger, walks, commits, and only then moves the timestamp.
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
    for (const step of [walk, retryParked, recover]) {
      if ((await step(counted, policy, source)) === 'interrupted') return 'interrupted';
    }
  }
  const { counters, checkpoint } = source.unfinished;
  const { organizationIds, projectIds, userIds } = policy;
  const parked = parkedIn(source.state, window);
  const closing: Closing = {
    outcome: 'completed',
    totals: { chats: counters.chats, records: counters.messages },
    requestId: checkpoint?.requestId ?? null,
    firstRequestId: checkpoint?.firstRequestId ?? null,
    build: policy.build,
    query: queryOf(policy, checkpoint),
    filterIds: { organizationIds, projectIds, userIds },
    ...(parked.length > 0 && { parked }),
  };
  const head = await activities.commitWindow({ window, closing });
  if (head) source.note({ head });
  const report = completedReport(policy, source.state, source.unfinished);
  // The timestamp moves here, and nowhere else but by `rewind`.
  source.change({
    syncedThrough: window.to,
    since: sinceWith(source.state, window),
    unfinished: undefined,
    filters: policy.filters,
    completed: true,
  });
  return report;
}

const queryOf = (policy: Policy, checkpoint: Checkpoint | null): Query => ({
  listing: checkpoint?.mode ?? firstMode(policy),
  messages: policy.messages,
  filters: isFiltered(policy) ? policy.filters : null,
});

/** The chats of which messages of the window are missing. */
const parkedIn = ({ parked }: State, { from, to }: Window): string[] =>
  parked
    .filter((chat) => Date.parse(chat.from) < Date.parse(to) && Date.parse(chat.to) > Date.parse(from))
    .map(({ chatId }) => chatId);

function withCounts(unfinished: Unfinished, add: Partial<Counters>): Unfinished {
  const counters = { ...unfinished.counters };
  counters.requests += add.requests ?? 0;
  counters.violations += add.violations ?? 0;
  return { ...unfinished, counters };
}
