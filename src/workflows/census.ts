import type { Policy } from '../config/policy';
import type { Activities } from './activity-proxies';
import type { SourceState } from './source-state';

/** Begins a census when it is due, `CENSUS_EVERY` after the last one; the first one so long after the first sync. */
export async function countChats(
  activities: Pick<Activities, 'beginCensus'>,
  policy: Pick<Policy, 'censusEveryMs'> | undefined,
  source: Pick<SourceState, 'state' | 'change' | 'now'>,
): Promise<void> {
  const { censusAt } = source.state;
  const now = new Date(source.now()).toISOString();
  if (censusAt === undefined) return source.change({ censusAt: now });
  if (!policy?.censusEveryMs || source.now() < Date.parse(censusAt) + policy.censusEveryMs) return;
  if (await activities.beginCensus({ since: censusAt })) source.change({ censusAt: now });
}
