import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { end } from '../child';
import { installed } from './installed';

const PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 50;
const LOOKS = 600;

/** A server of its own, in a folder that survives its restarts. */
export interface Server {
  /** Ends it by SIGTERM. */
  stop(): Promise<void>;
  /** Ends it by SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again after either of them. */
  start(): Promise<void>;
}

/** Where a server of scripts/servers is; undefined, and a line that says so, if this machine has none. */
export function findServer(name: string): string | undefined {
  const path = installed(name);
  if (path === undefined) {
    process.stderr.write(`skipped: there is no ${name} server; \`node scripts/servers.mjs ${name}\` builds one\n`);
  }
  return path;
}

export interface Launch {
  program: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** The file of what it says. */
  log: string;
  /** Resolves when it answers, and rejects while it does not. */
  probe: () => Promise<unknown>;
}

/** Starts a server. @throws Error if it ends or does not answer within 30 s */
export async function startServer({ program, args, env = {}, log, probe }: Launch): Promise<Server> {
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const out = openSync(log, 'a');
    const started = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', out, out] });
    closeSync(out);
    child = started;
    const ended = once(started, 'exit').then(() => {
      throw new Error(`${program} ended: see ${log}`);
    });
    await Promise.race([ended, answers()]);
    ended.catch(() => undefined);
  }

  async function answers(): Promise<void> {
    for (let looks = 1; ; looks++) {
      try {
        await probe();
        return;
      } catch (error) {
        if (looks === LOOKS) throw error;
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
    }
  }

  await start();
  return {
    start,
    stop: async () => child && end(child, PATIENCE_MS),
    kill: async () => child && end(child, 0),
  };
}
