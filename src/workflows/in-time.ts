import type { Part } from './part';
import type { WalkHost } from './walk-host';

/** A part takes no more chats so long after the first one was read. */
const OPEN_MS = 5 * 60_000;
/** And what still runs then has so long to end, before it is called off. */
const DRAIN_MS = 3 * 60_000;

/**
 * Fills a part, and sees to it that what was read is published within ten minutes, however long anything else takes. What
 * is called off stays on its list, for the next part; so does the rest where everybody is refused. While nothing was read there is nothing to publish, and no hurry.
 */
export async function inTime(
  part: Part,
  host: Pick<WalkHost, 'after' | 'cancellable'>,
  fill: () => Promise<void>,
): Promise<void> {
  const { ended, callOff } = host.cancellable(fill);
  const cut = (): void => {
    part.cut();
    callOff();
  };
  part.onEverybody(cut);
  let stopTimer = (): void => undefined;
  part.onFirstRead(() => {
    stopTimer = host.after(OPEN_MS, () => {
      part.close();
      stopTimer = host.after(DRAIN_MS, cut);
    });
  });
  await ended;
  stopTimer();
}
