import type { Report } from './state';
import type { Memo } from './memo';

/** What can be known of a source without a worker: its memo, and the failure its run waits on. */
export interface SourceView {
  /** Null for a source that never ran. */
  memo: Memo | null;
  /** Whether the workflow chain is running; the next request restarts a closed one. */
  open: boolean;
  /** The last failure of an activity that the sync waits for; null if none has failed. */
  waitingFor: string | null;
}

/** Thrown for a memo that does not match the schema: starting from an empty state instead would skip messages. */
export class UnreadableStateError extends Error {
  override name = 'UnreadableStateError';
}

/** The report of sync `n`; `not yet` while it runs; `ask again` if it neither runs nor has a report. */
export function reportOf(view: SourceView, n: number): Report | 'not yet' | 'ask again' {
  const { memo, open } = view;
  const report = memo?.reports.find((candidate) => candidate.n === n);
  if (report) return report;
  return open && memo?.running && memo.n + 1 === n ? 'not yet' : 'ask again';
}
