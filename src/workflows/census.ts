import type { Policy } from '../config/policy';
import type { Activities } from './activity-proxies';
import type { SourceState } from './source-state';
import { NO_ID } from '../domain/no-id';

/** Begins a census when it is due, `CENSUS_EVERY` after the last one; the first one so long after the first sync. */
export async function countChats(
  activities: Pick<Activities, 'beginCensus'>,
  policy: Pick<Policy, 'censusEveryMs'> | undefined,
  source: Pick<SourceState, 'state' | 'change' | 'now'>,
): Promise<void> {
  const { census: last, syncedThrough } = source.state;
  if (syncedThrough === null) return;
  const census = { at: new Date(source.now()).toISOString(), through: syncedThrough };
  if (last === undefined) return source.change({ census });
  if (!policy?.censusEveryMs || source.now() < Date.parse(last.at) + policy.censusEveryMs) return;
  if (!(await activities.beginCensus({ since: last.through }))) return;
  // It compares what changed since they were met, so their chats are read, or counted as unread.
  const parked = source.state.parked.filter(({ chatId }) => chatId !== NO_ID);
  source.change({ census, parked });
}
