import type { Policy } from '../config/policy';
import type { State, Unfinished } from './state';
import { followsLedger, isSame, openWindow, type Window } from './window';

/** What the archive knows of the source. */
export interface Ledger {
  last: Window | null;
  /** Windows that have published chats and are not closed. */
  unfinished: Window[];
  /** The id in the archive's marker file; null if there is no archive. */
  archive: string | null;
  /** Which file of the last window is missing, or has another size; null if none. */
  missing: string | null;
  /** The line that the source knows as the last one is not there as it was. */
  altered: boolean;
  /** Chats are to be read again, since messages of them are missing. */
  isIncomplete?: boolean;
}

/**
 * Who owns the archive's folder. `lost`: the source has an archive, and the folder has none. `foreign`: the folder holds
 * an archive of another Temporal, or one from before this source was lost or rewound.
 */
export type Possession = 'ours' | 'lost' | 'foreign';

export interface Circumstances {
  possession: Possession;
  /** The workflow's clock, ms. */
  now: number;
  /** The API server's clock; null if no answer had a `Date` header. */
  serverTime: string | null;
}

/** How the state and the archive disagree. */
export type Disagreement =
  'behind' | 'hole' | 'overtaken' | 'empty' | 'old' | 'given up' | 'lost' | 'foreign' | 'incomplete' | 'altered';

export type Decision =
  /** No whole second has passed since the last window. */
  | { kind: 'nothing' }
  /** Only an operator can decide how to go on. @see disagreementText */
  | { kind: 'refuse'; why: Disagreement; window: Window; held: Window | null }
  /**
   * The window is read; `resume`: an earlier sync began it. No sync will take up the windows in `abandon`.
   * `isFirstHere`: this archive is new, though the source has synced before.
   */
  | { kind: 'begin'; window: Window; abandon: Window[]; isFirstHere: boolean }
  | { kind: 'resume'; window: Window; abandon: Window[]; isFirstHere: boolean; unfinished: Resumed };

/** What the state knows of the window that an earlier sync left; null if only the archive knows of it. */
export type Resumed = Unfinished | null;

/**
 * Decides how a sync begins from what the state and the archive say. Neither is trusted alone: a workflow can be reset,
 * and a folder lost, swapped or restored from a backup.
 */
export function reconcile(state: State, ledger: Ledger, policy: Policy, circumstances: Circumstances): Decision {
  const { epoch, syncedThrough, unfinished } = state;
  const { last, missing, altered } = ledger;
  const { possession, now, serverTime } = circumstances;
  const { backfillStart, settleSeconds } = policy;
  const left = unfinished?.window ?? forgotten(ledger, epoch, syncedThrough ?? backfillStart);
  const opened = left ?? openWindow({ epoch, syncedThrough, backfillStart, now, serverTime, settleSeconds });
  if (opened === null) return { kind: 'nothing' };
  const window = { ...opened, archive: state.archive?.id };
  const refuse = (why: Disagreement, held = last): Decision => ({ kind: 'refuse', why, window, held });

  const later = ledger.unfinished.find((other) => other.epoch > epoch);
  if (later) return refuse('overtaken', later);
  const follows = followsLedger(window, last);
  if (follows !== true) return refuse(follows);
  const isFirstHere = last === null && syncedThrough !== null;
  const isOfEarlierEpoch = (last?.epoch ?? -1) < epoch;
  // The state says a window was completed in this archive since the last rewind, and the archive does not have it.
  if (state.completed && isOfEarlierEpoch) return refuse(isFirstHere ? 'empty' : 'old');
  if (possession === 'foreign') return refuse('foreign');
  // A sync with an unfinished window waits for its folder instead: the archive's failures are retried.
  if (possession === 'lost' && !left) return refuse('lost');
  // With a rewind the operator has chosen to go on without the missing file, or with what was changed.
  const isToGoOn = epoch > 0 && isOfEarlierEpoch;
  if (missing !== null && !isToGoOn) return refuse('incomplete');
  if (altered && !isToGoOn) return refuse('altered');

  const abandon = ledger.unfinished.filter((other) => isBehind(other, window) && !isSame(other, state.abandoned));
  const common = { window, abandon, isFirstHere };
  return left ? { kind: 'resume', ...common, unfinished: unfinished ?? null } : { kind: 'begin', ...common };
}

/** A window that is open in the archive, with some messages, but unknown to the state since a reset. */
function forgotten({ unfinished }: Ledger, epoch: number, start: string | null): Window | undefined {
  const from = start === null ? NaN : Date.parse(start);
  return unfinished.find((candidate) => candidate.epoch === epoch && Date.parse(candidate.from) === from);
}

/** Whether no sync will take the window up any more. One that begins later is left for a later sync. */
const isBehind = (other: Window, window: Window): boolean =>
  !isSame(other, window) && (other.epoch < window.epoch || Date.parse(other.from) <= Date.parse(window.from));
