import type { State } from '../state';
import type { RewindRequest } from './messages';

/** @throws Error that says why the timestamp may not be set so. */
export function validateRewind(state: State, { to, epoch, skip }: RewindRequest): void {
  if (isRepeated(state, { to, epoch })) return;
  if (state.running) {
    throw new Error(`a sync is running: wait for its end, or cancel the workflow chat-sync/${state.source}`);
  }
  if (epoch <= state.epoch) throw new Error(`the source was rewound later, at ${new Date(state.epoch).toISOString()}`);
  if (!skip && state.syncedThrough !== null && Date.parse(to) > Date.parse(state.syncedThrough)) {
    throw new Error(
      `${to} is later than the timestamp ${state.syncedThrough}: messages between would be missing (--skip allows it)`,
    );
  }
}

/** Sets the timestamp under a new epoch; an unfinished window is given up, which the next sync tells the sink. */
export function rewind(state: State, { to, epoch }: RewindRequest): Partial<State> {
  if (isRepeated(state, { to, epoch })) return {};
  const abandoned = state.unfinished?.window ?? state.abandoned;
  return { syncedThrough: to, epoch, unfinished: undefined, abandoned, sink: undefined, archive: undefined };
}

/** An update whose answer got lost is sent again. */
const isRepeated = (state: State, { to, epoch }: Pick<RewindRequest, 'to' | 'epoch'>): boolean =>
  epoch === state.epoch && to === state.syncedThrough;
