/**
 * Starts what `next` hands out for as long as it hands out something, and asks it again whenever something has ended.
 * Resolves when nothing runs any more and nothing is handed out; tasks must not reject.
 */
export function saturate(next: () => Promise<void> | undefined): Promise<void> {
  return new Promise((resolve) => {
    let running = 0;
    const fill = (): void => {
      for (let task = next(); task; task = next()) {
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
