/** Thrown by {@link within} when the time is over. */
export class TimeOver extends Error {
  override name = 'TimeOver';
}

/**
 * The outcome of `work`, or {@link TimeOver} after `ms`, or the signal's reason when it is aborted, whichever is first.
 * `work` itself goes on: `discard` is given what comes of it after all.
 */
export function within<T>(
  work: Promise<T>,
  ms: number,
  signal: AbortSignal | undefined,
  discard: (late: T) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let over = false;
    const end = (how: () => void): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      how();
    };
    const onAbort = (): void => end(() => reject(signal?.reason));
    const timer = setTimeout(() => end(() => reject(new TimeOver())), ms);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    work.then(
      (value) => (over ? discard(value) : end(() => resolve(value))),
      (error: unknown) => end(() => reject(error)),
    );
  });
}
