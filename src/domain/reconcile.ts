import type { Policy } from '../config/policy';
import type { State, Unfinished } from './state';
import { followsLedger, isSame, openWindow, type Window } from './window';

/** What the sink knows of the source. */
export interface Ledger {
  /** Whether the sink knows its last completed window at all. */
  kept: boolean;
  last: Window | null;
  /** Windows that hold published chats and are not closed. */
  unfinished: Window[];
  /** The archive that is there, by its marker; null if none is. Absent where the sink has none at all. */
  archive?: string | null;
  /** What should be there of the last window and is not, or is of another size. */
  missing: string | null;
}

/**
 * Whose the sink's place is. `lost`: the source holds an archive, and the place has none. `foreign`: it has the archive of
 * another Temporal, or that of another life of this source.
 */
export type Possession = 'ours' | 'lost' | 'foreign';

export interface Circumstances {
  possession: Possession;
  /** The workflow's clock, ms. */
  now: number;
  /** The API server's clock; null where it names none. */
  serverTime: string | null;
}

/** In which way the state and the sink do not fit together. */
export type Disagreement =
  'behind' | 'hole' | 'overtaken' | 'empty' | 'old' | 'given up' | 'lost' | 'foreign' | 'incomplete';

export type Decision =
  /** No whole second has passed. */
  | { kind: 'nothing' }
  /** Only an operator can say how to go on. @see disagreementText */
  | { kind: 'refuse'; why: Disagreement; window: Window; held: Window | null }
  /**
   * The window is read; `resume`: one that an earlier sync left. Those in `abandon` nobody will take up any more.
   * `isFirstHere`: the sink is a new one, and the source is not.
   */
  | { kind: 'begin'; window: Window; abandon: Window[]; isFirstHere: boolean }
  | { kind: 'resume'; window: Window; abandon: Window[]; isFirstHere: boolean; unfinished: Resumed };

/** What is known of a window that an earlier sync left; null for one that the state has forgotten. */
export type Resumed = Unfinished | null;

/**
 * Decides how a sync begins: the state says where the last one ended, the sink what it holds, and neither is believed alone,
 * since a state can be reset or restored, and a folder lost, swapped or restored.
 */
export function reconcile(state: State, ledger: Ledger, policy: Policy, circumstances: Circumstances): Decision {
  const { epoch, syncedThrough, unfinished } = state;
  const { last, kept, missing } = ledger;
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
  const isFirstHere = kept && last === null && syncedThrough !== null;
  const isOfEarlierEpoch = (last?.epoch ?? -1) < epoch;
  // Since the last rewind a window was completed in this sink.
  if (kept && state.sink === policy.sink && isOfEarlierEpoch) return refuse(isFirstHere ? 'empty' : 'old');
  if (possession === 'foreign') return refuse('foreign');
  // A window that is unfinished waits for its place.
  if (possession === 'lost' && !left) return refuse('lost');
  // A rewind is how an operator says to go on without what is missing.
  if (missing !== null && !(epoch > 0 && isOfEarlierEpoch)) return refuse('incomplete');

  const abandon = ledger.unfinished.filter((other) => isBehind(other, window) && !isSame(other, state.abandoned));
  const common = { window, abandon, isFirstHere };
  return left ? { kind: 'resume', ...common, unfinished: unfinished ?? null } : { kind: 'begin', ...common };
}

/** A window that the sink began with and the state, since a run was reset, does not know: its messages are in it already. */
function forgotten({ unfinished }: Ledger, epoch: number, start: string | null): Window | undefined {
  const from = start === null ? NaN : Date.parse(start);
  return unfinished.find((candidate) => candidate.epoch === epoch && Date.parse(candidate.from) === from);
}

/** Nobody will take it up any more. One that begins later is for a later sync. */
const isBehind = (other: Window, window: Window): boolean =>
  !isSame(other, window) && (other.epoch < window.epoch || Date.parse(other.from) <= Date.parse(window.from));
