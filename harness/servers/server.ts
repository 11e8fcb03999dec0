import { once } from 'node:events';
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { end } from '../child';
import type { Account } from './unprivileged';

const TRY_EVERY_MS = 100;
const START_TRIES = 1200;
const STOP_MS = 20_000;

/** A real server in a folder of its own. */
export interface Server {
  readonly url: string;
  /** Kills it in the middle of whatever it does. */
  kill(): Promise<void>;
  /** Starts it again with the data that it has; ends it first if it runs. */
  restart(): Promise<void>;
  /** Ends it, and removes its folder. */
  stop(): Promise<void>;
}

export interface Program {
  command: string;
  args: readonly string[];
  folder: string;
  env?: NodeJS.ProcessEnv;
  account: Account;
  /** The file of its output. */
  log: string;
  /** What ends it without waiting for its clients; default SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /** Whether it answers. */
  answers(): Promise<boolean>;
}

/** Starts a server and waits until it answers. */
export async function startServer(program: Program, url: string, remove: () => Promise<void>): Promise<Server> {
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    child = launch(program);
    for (let tries = 0; tries < START_TRIES; tries++) {
      if (await program.answers()) return;
      // The processes of a killed one may still hold its data.
      if (child.exitCode !== null || child.signalCode !== null) child = launch(program);
      await sleep(TRY_EVERY_MS);
    }
    throw new Error(`${program.command} does not answer: ${readFileSync(program.log, 'utf8').slice(-2000)}`);
  }
  const stopped = async (): Promise<void> => {
    if (!child) return;
    if (program.stopSignal) child.kill(program.stopSignal);
    await end(child, STOP_MS);
  };

  await start();
  return {
    url,
    kill: async () => (child ? end(child, 0) : undefined),
    async restart() {
      await stopped();
      await start();
    },
    async stop() {
      await stopped();
      await remove();
    },
  };
}

function launch({ command, args, folder, env, account, log }: Program): ChildProcess {
  const file = openSync(log, 'a');
  try {
    return spawn(command, args, {
      ...{ cwd: folder, stdio: ['ignore', file, file], detached: true },
      ...(env && { env }),
      ...account,
    });
  } finally {
    closeSync(file);
  }
}

/** Runs a program to its end. @throws Error with its output if it fails */
export async function runToEnd(program: Omit<Program, 'answers'>): Promise<void> {
  const child = launch({ ...program, answers: async () => true });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${program.command} failed: ${readFileSync(program.log, 'utf8').slice(-2000)}`);
}
