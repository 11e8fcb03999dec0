import type { SourceState } from './source-state';

/** A part takes no more chats so long after the first one was read. */
const OPEN_MS = 5 * 60_000;
/** And what still runs then has so long to end, before it is called off. */
const DRAIN_MS = 3 * 60_000;

/**
 * Sees to it that what was read is published within ten minutes, however long anything else takes. What is called off stays
 * on its list, for the next part. While nothing was read there is nothing to publish, and no hurry.
 */
export interface Deadline {
  /** The first chat was read. */
  begin(): void;
  /** The walk ends here: nothing more is taken, and what still runs has the rest of its time. */
  hurry(): void;
  stop(): void;
}

export function createDeadline(
  source: Pick<SourceState, 'after'>,
  part: { close: () => void; cut: () => void },
): Deadline {
  let stop = (): void => undefined;
  let isDraining = false;

  function drain(): void {
    if (isDraining) return;
    isDraining = true;
    stop();
    part.close();
    stop = source.after(DRAIN_MS, part.cut);
  }

  return {
    begin: () => {
      if (!isDraining) stop = source.after(OPEN_MS, drain);
    },
    hurry: drain,
    stop: () => stop(),
  };
}
