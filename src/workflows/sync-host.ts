import type { State, Unfinished } from '../domain/state';
import type { PartHost } from './part';

/** A sync's hold on the source: the state as it is now, and the one way to change it. */
export interface SyncHost extends PartHost {
  readonly state: State;
  /** Changes the state, and the memo in the same workflow task. */
  change(next: Partial<State>): void;
  /** Changes what the next run takes over, but not the memo: for what is cheap to lose and changes often. */
  note(next: Partial<State>): void;
  mustContinueAsNew(): boolean;
  /** The workflow's clock, ms. */
  now: () => number;
}

export function unfinishedOf(host: SyncHost): Unfinished {
  if (!host.state.unfinished) throw new TypeError('no window is open');
  return host.state.unfinished;
}
