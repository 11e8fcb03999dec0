import type { Ledger, Possession } from '../domain/reconcile';
import type { State } from '../domain/state';
import type { Activities } from './activity-proxies';
import type { SourceState } from './source-state';

/** Finds out who owns the archive's folder, and claims a free one. The state has the new id before the folder does. */
export async function possess(activities: Activities, source: SourceState, ledger: Ledger): Promise<Possession> {
  const { archive: found } = ledger;
  const id = source.state.archive?.id ?? `${source.chainId}-${source.state.epoch}`;
  const possession = possessionOf(source.state, id, found, ledger);
  if (possession !== 'free') return possession;
  source.change({ archive: { id, held: false } });
  if ((await activities.claimArchive({ id, over: found })) !== id) return 'foreign';
  source.change({ archive: { id, held: true } });
  return 'ours';
}

function possessionOf(
  { archive, epoch, syncedThrough }: State,
  id: string,
  found: string | null,
  { last }: Ledger,
): Possession | 'free' {
  const isHeld = archive?.held === true;
  if (found === id) return isHeld ? 'ours' : 'free';
  // After a rewind the source takes over whatever is there: an empty folder, an old archive, or another's.
  if (!isHeld) return found === null || epoch > 0 ? 'free' : 'foreign';
  if (found !== null) return 'foreign';
  // An archive without its marker is recognized by its ledger, which ends at the source's timestamp.
  const isKnown = last !== null && last.epoch === epoch && Date.parse(last.to) === Date.parse(syncedThrough ?? '');
  return isKnown ? 'free' : 'lost';
}
