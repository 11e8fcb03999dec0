import { uuid4 } from '@temporalio/workflow';
import type { Ledger } from '../activities/types';
import type { Policy, State } from '../state';
import type { Activities } from './activity-proxies';
import type { SyncHost } from './sync-host';

/**
 * Whose the sink's place is. `lost`: the source holds an archive, and the place has none. `foreign`: it has the archive of
 * another Temporal, or that of another life of this source.
 */
export type Possession = 'ours' | 'lost' | 'foreign';

/** Told by a rewind to take what is there: a new place, an old one, or another's. */
export const takesOver = ({ archive, epoch }: State): boolean => archive?.held !== true && epoch > 0;

/** Finds out whose the place is, and takes possession of one that is free. The state knows the id before the place does. */
export async function possess(
  activities: Activities,
  { sink }: Policy,
  host: SyncHost,
  ledger: Ledger,
): Promise<Possession> {
  const { archive: found } = ledger;
  if (found === undefined) return 'ours';
  const possession = possessionOf(host.state, found, ledger);
  if (possession !== 'free') return possession;
  const id = host.state.archive?.id ?? uuid4();
  host.change({ archive: { id, held: false } });
  if ((await activities.claimArchive({ sink, id, over: found })) !== id) return 'foreign';
  host.change({ archive: { id, held: true } });
  return 'ours';
}

function possessionOf(state: State, found: string | null, { last }: Ledger): Possession | 'free' {
  const { archive, epoch, syncedThrough } = state;
  if (archive?.held !== true) return found === null || found === archive?.id || takesOver(state) ? 'free' : 'foreign';
  if (found === archive.id) return 'ours';
  if (found !== null) return 'foreign';
  // Without its marker it is known by its ledger, which ends where the source does.
  const isKnown = last !== null && last.epoch === epoch && Date.parse(last.to) === Date.parse(syncedThrough ?? '');
  return isKnown ? 'free' : 'lost';
}
