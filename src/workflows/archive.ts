import { workflowInfo } from '@temporalio/workflow';
import type { Ledger, Possession } from '../domain/reconcile';
import type { Policy } from '../config/policy';
import type { State } from '../domain/state';
import type { Activities } from './activity-proxies';
import type { SourceState } from './source-state';

/** Finds out whose the place is, and takes possession of one that is free. The state knows the id before the place does. */
export async function possess(
  activities: Activities,
  { sink }: Policy,
  source: SourceState,
  ledger: Ledger,
): Promise<Possession> {
  const { archive: found } = ledger;
  if (found === undefined) return 'ours';
  const id = source.state.archive?.id ?? newId(source.state);
  const possession = possessionOf(source.state, id, found, ledger);
  if (possession !== 'free') return possession;
  source.change({ archive: { id, held: false } });
  if ((await activities.claimArchive({ sink, id, over: found })) !== id) return 'foreign';
  source.change({ archive: { id, held: true } });
  return 'ours';
}

/** The same for a run that is reset to before it had one, another for another chain: no other Temporal has it. */
const newId = ({ epoch }: State): string => `${workflowInfo().firstExecutionRunId}-${epoch}`;

function possessionOf(
  { archive, epoch, syncedThrough }: State,
  id: string,
  found: string | null,
  { last }: Ledger,
): Possession | 'free' {
  const isHeld = archive?.held === true;
  if (found === id) return isHeld ? 'ours' : 'free';
  // Since a rewind the source takes what is there: a new place, an old one, or another's.
  if (!isHeld) return found === null || epoch > 0 ? 'free' : 'foreign';
  if (found !== null) return 'foreign';
  // Without its marker an archive is known by its ledger, which ends where the source does.
  const isKnown = last !== null && last.epoch === epoch && Date.parse(last.to) === Date.parse(syncedThrough ?? '');
  return isKnown ? 'free' : 'lost';
}
