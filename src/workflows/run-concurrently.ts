/**
 * Starts the tasks that `next` returns until it returns undefined, and calls it again whenever a task ends or `again`
 * is called. Resolves once no task runs and `next` returns undefined. Tasks must not reject.
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
