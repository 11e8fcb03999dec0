import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A clean end takes a moment; what hangs longer is killed. */
const STOP_MS = 15_000;

/** Everything that the bench starts, so that nothing outlives it. */
export interface Processes {
  /** Runs a module of ours, with a channel to it: what it prints goes to stderr. */
  fork(module: string, options: { cwd: string; env?: NodeJS.ProcessEnv; args?: string[] }): ChildProcess;
  spawn(program: string, args: string[]): ChildProcess;
  /** Ends one of them as a machine that fails does, which is no failure of the bench. */
  kill(child: ChildProcess): Promise<void>;
  /** Rejects when one of them ends before it was told to. */
  readonly failed: Promise<never>;
  /** Ends them, the last one first. @param at `once` gives them no time. */
  stop(at?: 'once'): Promise<void>;
}

export function startProcesses(): Processes {
  const children: ChildProcess[] = [];
  const killed = new Set<ChildProcess>();
  let stopping = false;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => (fail = reject));
  failed.catch(() => undefined);

  const keep = (child: ChildProcess, name: string): ChildProcess => {
    children.unshift(child);
    child.once('error', fail);
    child.once('exit', (code, signal) => {
      if (!stopping && !killed.has(child)) fail(new Error(`${name} ended with ${code ?? signal ?? 'nothing'}`));
    });
    return child;
  };

  return {
    failed,
    fork(module, { cwd, env, args = [] }) {
      // A group of its own: Ctrl-C is for us alone, and we end them in order.
      const stdio = ['ignore', process.stderr, process.stderr, 'ipc'] as const;
      return keep(fork(module, args, { cwd, env, stdio: [...stdio], detached: true }), module);
    },
    spawn(program, args) {
      return keep(spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], detached: true }), program);
    },
    async kill(child) {
      killed.add(child);
      await end(child, 0);
    },
    async stop(at) {
      stopping = true;
      for (const child of children) await end(child, at === 'once' ? 0 : STOP_MS);
    },
  };
}

async function end(child: ChildProcess, patienceMs: number): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  if (patienceMs > 0) child.kill('SIGTERM');
  await ended;
  clearTimeout(timer);
}
