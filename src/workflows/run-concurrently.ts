/**
 * Starts what `next` hands out for as long as it hands out something, and asks it again whenever something has ended, or
 * `again` is called, which it is handed. Resolves when nothing runs any more and nothing is handed out; tasks must not reject.
 */
export function runConcurrently(next: (again: () => void) => Promise<void> | undefined): Promise<void> {
  return new Promise((resolve) => {
    let running = 0;
    const fill = (): void => {
      for (let task = next(fill); task; task = next(fill)) {
        running += 1;
        void task.then(() => {
          running -= 1;
          fill();
        });
      }
      if (running === 0) resolve();
    };
    fill();
  });
}
