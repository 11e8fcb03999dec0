import { patched } from '@temporalio/workflow';
import type { OperatorEvent } from '../domain/operator-events';
import type { State } from '../domain/state';
import { jsonBytes } from '../text/cut';
import type { Activities } from './activity-proxies';
import type { SourceState } from './source-state';

/** They are in the memo, which has little room; the ledger takes them as soon as it is there. */
const MOST_BYTES = 4000;
/** Runs of builds that did not record them. */
const PATCH = 'operator-events';

type Kept = Pick<State, 'events'>;

/** Keeps what an operator did until the ledger has it. Where there is no room the oldest go, and are counted. */
export function noted({ events = [] }: Kept, event: OperatorEvent): Kept {
  if (events.some((other) => isSame(other, event))) return { events };
  let kept = [...events, event];
  for (
    let [oldest, next, ...rest] = kept;
    oldest && next && jsonBytes(kept) > MOST_BYTES;
    [oldest, next, ...rest] = kept
  ) {
    kept = [{ ...next, omitted: (oldest.omitted ?? 0) + 1 }, ...rest];
  }
  return { events: kept };
}

/** Whether something is to be recorded, and where. A source that has no archive, as after a rewind, gets one by the next sync. */
export const canRecord = ({ events = [], archive }: State): boolean => events.length > 0 && archive?.held === true;

/** Has the ledger keep what operators did. What it does not take is kept for later. @param isIdle No sync waits for it. */
export async function recordEvents(activities: Activities, source: SourceState, isIdle: boolean): Promise<void> {
  const { events = [], archive } = source.state;
  if (!canRecord(source.state) || !archive || !patched(PATCH)) return;
  const head = await activities.recordEvents({ archive: archive.id, events, isIdle });
  if (head === null) return;
  const left = (source.state.events ?? []).filter((event) => !events.some((other) => isSame(other, event)));
  source.change({ events: left.length > 0 ? left : undefined, head });
}

const isSame = (a: OperatorEvent, b: OperatorEvent): boolean => a.event === b.event && a.id === b.id;
