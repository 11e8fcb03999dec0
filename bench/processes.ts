import type { ChildProcess } from 'node:child_process';
import { end } from '../harness/child';

/** The descriptor that takes what they print. */
export const STDERR = 2;

/** Processes that must not end before they are told to. */
export interface Processes {
  add(name: string, child: ChildProcess): ChildProcess;
  /** Ends one of them as a machine that fails does, which is no failure of the bench. */
  kill(child: ChildProcess): Promise<void>;
  /** Rejects when one of them ends by itself. */
  readonly failed: Promise<never>;
  /** Ends them, the last one first. */
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
