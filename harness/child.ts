import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface ForkOptions {
  readonly args?: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly execArgv?: readonly string[];
  /** The file descriptor for stdout and stderr. */
  readonly log: number;
}

/**
 * Runs a module in a process group of its own, so that it does not receive Ctrl-C, and with an IPC channel, whose end
 * tells it that the parent has died.
 */
export function forkModule(module: string, { args = [], execArgv, log, ...options }: ForkOptions): ChildProcess {
  const stdio = ['ignore' as const, log, log, 'ipc' as const];
  return fork(module, args, { ...options, ...(execArgv && { execArgv: [...execArgv] }), stdio, detached: true });
}

/** Ends a process, also a suspended one, with SIGTERM, and after `patienceMs` with SIGKILL; at once if that is 0. */
export async function end(child: ChildProcess, patienceMs: number): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  child.kill('SIGCONT');
  if (patienceMs > 0) child.kill('SIGTERM');
  await ended;
  clearTimeout(timer);
}
