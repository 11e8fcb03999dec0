import { CancellationScope, sleep } from '@temporalio/workflow';

/** Runs `run` after `ms`; the returned function cancels that. */
export function after(ms: number, run: () => void): () => void {
  const scope = new CancellationScope();
  void scope.run(() => sleep(ms)).then(run, () => undefined);
  return () => scope.cancel();
}
