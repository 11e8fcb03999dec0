import type { Report } from './state';
import type { Memo } from './memo';

/** What is known of a source without a worker: its memo, and what its run waits for. */
export interface SourceView {
  /** Null for a source that never ran. */
  memo: Memo | null;
  /** Whether the chain runs; a closed one is revived by the next request. */
  open: boolean;
  /** The last failure of what the sync waits for; null if nothing has failed. */
  waitingFor: string | null;
}

/** Thrown for a memo that does not fit: a source must never begin at now because its state could not be read. */
export class UnreadableStateError extends Error {
  override name = 'UnreadableStateError';
}

/** The report of sync `n`; `not yet` while it runs or is about to; otherwise it has to be asked for again. */
export function reportOf(view: SourceView, n: number): Report | 'not yet' | 'ask again' {
  const { memo, open } = view;
  const report = memo?.reports.find((candidate) => candidate.n === n);
  if (report) return report;
  return open && memo?.running && memo.n + 1 === n ? 'not yet' : 'ask again';
}
