import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface ForkOptions {
  readonly args?: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly execArgv?: readonly string[];
  /** The descriptor that takes what it prints. */
  readonly log: number;
}

/**
 * Runs a module of ours in a group of its own, so that Ctrl-C is for us alone, and with a channel, which ends it when we have
 * died.
 */
export function forkModule(module: string, { args = [], execArgv, log, ...options }: ForkOptions): ChildProcess {
  const stdio = ['ignore' as const, log, log, 'ipc' as const];
  return fork(module, args, { ...options, ...(execArgv && { execArgv: [...execArgv] }), stdio, detached: true });
}

/** Ends a process that may stand still. What takes longer is killed: without patience, at once. */
export async function end(child: ChildProcess, patienceMs: number): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  child.kill('SIGCONT');
  if (patienceMs > 0) child.kill('SIGTERM');
  await ended;
  clearTimeout(timer);
}
