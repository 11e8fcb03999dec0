/** Thrown by {@link within} when the time is over. */
export class TimeOver extends Error {
  override name = 'TimeOver';
}

/**
 * Settles as `work` does, or rejects with {@link TimeOver} after `ms`, or with the signal's reason, whichever is first.
 * `work` itself goes on: `discard` gets its late result.
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
