import type { ChildProcess } from 'node:child_process';
import { end } from '../harness/child';

/** The file descriptor for the output of all processes. */
export const STDERR = 2;

/** Processes whose exit fails the bench, unless `kill` or `stop` caused it. */
export interface Processes {
  add(name: string, child: ChildProcess): ChildProcess;
  /** Sends SIGKILL and waits for the exit. */
  kill(child: ChildProcess): Promise<void>;
  /** Rejects when a process exits by itself. */
  readonly failed: Promise<never>;
  /** Ends the processes in reverse order; sends SIGKILL after `patienceMs` each. */
  stop(patienceMs: number): Promise<void>;
}

export function createProcesses(): Processes {
  const children: ChildProcess[] = [];
  const killed = new Set<ChildProcess>();
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => (fail = reject));
  failed.catch(() => undefined);

  return {
    failed,
    add(name, child) {
      children.unshift(child);
      child.once('error', fail);
      child.once('exit', (code, signal) => {
        if (!killed.has(child)) fail(new Error(`${name} ended with ${code ?? signal ?? 'nothing'}`));
      });
      return child;
    },
    async kill(child) {
      killed.add(child);
      await end(child, 0);
    },
    async stop(patienceMs) {
      for (const child of children) killed.add(child);
      for (const child of children) await end(child, patienceMs);
    },
  };
}
