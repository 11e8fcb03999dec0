import type { State, Unfinished } from '../state';

/** A sync's hold on the source: the state as it is now, and the one way to change it. */
export interface SyncHost {
  readonly state: State;
  /** Changes the state, and the memo in the same workflow task. */
  change(next: Partial<State>): void;
  /** Changes what the next run takes over, but not the memo: for what is cheap to lose and changes often. */
  note(next: Partial<State>): void;
  progress(chats: number, messages: number): void;
  mustContinueAsNew(): boolean;
  /** The workflow's clock, ms. */
  now: () => number;
  /** Runs `run` after `ms`; the returned function calls that off. */
  after(ms: number, run: () => void): () => void;
  /** Runs `work` so that `callOff` cancels the activities that it waits for. */
  cancellable(work: () => Promise<void>): { ended: Promise<void>; callOff: () => void };
}

export function unfinishedOf(host: SyncHost): Unfinished {
  if (!host.state.unfinished) throw new TypeError('no window is open');
  return host.state.unfinished;
}
