import type { Parked, State, Unfinished } from '../domain/state';
import type { Checkpoint } from '../domain/checkpoint';

/** Activities that are cancelled together. */
export interface Scope {
  run<T>(work: () => Promise<T>): Promise<T>;
  cancel(): void;
}

/** What a source's state needs of the workflow that holds it. */
export interface StateHolder {
  /** Writes the state to the memo, from which a terminated chain is restarted. */
  remember(state: State): void;
  /** Shows the progress. @param unpublished What was read and is not published yet. */
  show(state: State, unpublished: Unpublished): void;
  /** The first run's id. */
  readonly chainId: string;
  mustContinueAsNew(state: State): boolean;
  /** The workflow's clock, ms. */
  now(): number;
  /** Runs `run` after `ms`; the returned function cancels that. */
  after(ms: number, run: () => void): () => void;
  scope(): Scope;
}

export interface Unpublished {
  chats: number;
  messages: number;
}

/** A source's state as it is now, and the one way to change it. */
export class SourceState {
  #state: State;
  #unpublished: Unpublished = { chats: 0, messages: 0 };
  readonly #holder: StateHolder;

  constructor(state: State, holder: StateHolder) {
    this.#state = state;
    this.#holder = holder;
  }

  get state(): State {
    return this.#state;
  }
  get unpublished(): Unpublished {
    return this.#unpublished;
  }
  /** The window of the running sync. */
  get unfinished(): Unfinished {
    if (!this.#state.unfinished) throw new TypeError('no window is open');
    return this.#state.unfinished;
  }
  get checkpoint(): Checkpoint {
    if (!this.unfinished.checkpoint) throw new TypeError('the walk has not begun');
    return this.unfinished.checkpoint;
  }
  /** Unique to the chain of runs, also across Temporals; a run that was reset has the same. */
  get chainId(): string {
    return this.#holder.chainId;
  }
  get parked(): Parked[] {
    return this.#state.parked;
  }

  /** Changes the state, in the next run's input and in the memo. */
  change(next: Partial<State>): void {
    this.note(next);
    this.#holder.remember(this.#state);
    this.#show();
  }
  /** Changes the state in the next run's input only: for what changes often and is cheap to lose. */
  note(next: Partial<State>): void {
    this.#state = { ...this.#state, ...next };
  }
  /** Changes the running sync's window, and the parked chats with it. */
  changeUnfinished(next: Partial<Unfinished>, parked = this.parked): void {
    this.change({ unfinished: { ...this.unfinished, ...next }, parked });
  }
  noteUnfinished(next: Partial<Unfinished>, parked = this.parked): void {
    this.note({ unfinished: { ...this.unfinished, ...next }, parked });
  }

  /** Adds chats and messages that were read and are not published; negative after a publish. */
  progress(chats: number, messages: number): void {
    const before = this.#unpublished;
    this.#unpublished = { chats: before.chats + chats, messages: before.messages + messages };
    this.#show();
  }
  mustContinueAsNew(): boolean {
    return this.#holder.mustContinueAsNew(this.#state);
  }
  now(): number {
    return this.#holder.now();
  }
  after(ms: number, run: () => void): () => void {
    return this.#holder.after(ms, run);
  }
  scope(): Scope {
    return this.#holder.scope();
  }

  #show(): void {
    this.#holder.show(this.#state, this.#unpublished);
  }
}
