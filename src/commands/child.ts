import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { say } from './session';
import type { Environment } from '../config/environment';

/** A program of ours that `up` runs beside itself; it ends when its IPC channel to us closes. */
export interface Child {
  /** Resolves with its first message, which says that it is ready. @throws Error if it ended before. */
  readonly ready: Promise<unknown>;
  /** Resolves to its exit code when it has ended; where a signal ended it, to 128 and the signal's number. */
  readonly ended: Promise<number>;
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
}

/** Runs a built module as a child process. What it says on stderr comes out between the lines of others, and over nothing. */
export function startChild(
  name: string,
  module: string,
  args: string[],
  environment: Environment,
  stdio: ForkOptions['stdio'],
): Child {
  // In a process group of its own: Ctrl-C in the terminal must not end it before those that need it have drained.
  const process = fork(module, args, { env: environment, stdio, detached: true });
  if (process.stderr) createInterface({ input: process.stderr }).on('line', say);
  const ended = endOf(process);
  const ready = new Promise<unknown>((resolve, reject) => {
    process.once('message', resolve);
    void ended.then((code) => reject(new Error(`the ${name} ended ${howOf(code)}`)));
  });
  ready.catch(() => undefined);
  return {
    ready,
    ended,
    async stop() {
      process.kill('SIGTERM');
      await ended;
    },
  };
}

/** As shells have it. */
const BY_SIGNAL = 128;

/** An exit code in words: `with 1`, `by SIGKILL`. */
export function howOf(code: number): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - BY_SIGNAL);
  return signal === undefined ? `with ${code}` : `by ${signal[0]}`;
}

export const endOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(code ?? BY_SIGNAL + (signal === null ? 0 : constants.signals[signal])),
    );
    child.once('error', () => resolve(1));
  });
