import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { end } from './child';

/** The default delay before a restart, ms. */
const DOWN_MS = 1000;

export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that is restarted whenever it exits. */
export interface Supervised {
  readonly name: string;
  /** Undefined while the process is down. */
  readonly pid: number | undefined;
  /** Exits that neither `end` nor `stop` caused. */
  readonly crashes: readonly End[];
  /** Sends the signal and waits for the exit. The process restarts after `downMs`, default 1000. */
  end(signal: 'SIGKILL' | 'SIGTERM', downMs?: number): Promise<End>;
  /** Sends SIGSTOP. */
  suspend(): void;
  /** Sends SIGCONT. */
  resume(): void;
  /** Resolves when the process is up. */
  up(): Promise<void>;
  /** Whether the process reports `ready` within this time; before that it does not handle signals. */
  ready(withinMs: number): Promise<boolean>;
  /** Ends the process without a restart; sends SIGKILL after `patienceMs`. */
  stop(patienceMs: number): Promise<void>;
}

/** Launches a process and restarts it until `stop`. */
export function supervise(name: string, launch: () => ChildProcess): Supervised {
  const crashes: End[] = [];
  let stopped = false;
  let signalled = false;
  let isReady = false;
  let downMs = DOWN_MS;
  let child = begin();

  function begin(): ChildProcess {
    const started = launch();
    signalled = false;
    isReady = false;
    started.on('message', (message) => (isReady ||= message === 'ready'));
    started.once('exit', (code, signal) => {
      if (!signalled) crashes.push({ code, signal });
      void sleep(downMs).then(() => {
        downMs = DOWN_MS;
        if (!stopped) child = begin();
      });
    });
    return started;
  }

  const isUp = (): boolean => child.pid !== undefined && child.exitCode === null && child.signalCode === null;

  return {
    name,
    crashes,
    get pid() {
      return isUp() ? child.pid : undefined;
    },
    async end(signal, ms = DOWN_MS) {
      await this.up();
      const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
      downMs = ms;
      signalled = true;
      child.kill(signal);
      const [code, by] = await ended;
      return { code, signal: by };
    },
    suspend: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async up() {
      while (!isUp()) await sleep(50);
    },
    async ready(withinMs) {
      for (const end = Date.now() + withinMs; !isReady && Date.now() < end;) await sleep(50);
      return isReady;
    },
    async stop(patienceMs) {
      stopped = true;
      signalled = true;
      await end(child, patienceMs);
    },
  };
}
