import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { end } from './child';

/** How long a supervisor takes to start a process again, ms. */
const DOWN_MS = 1000;

export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process under a supervisor: whatever ends it, it is started again. */
export interface Supervised {
  readonly name: string;
  /** Undefined while it is down. */
  readonly pid: number | undefined;
  /** How often it ended without a signal of ours. */
  readonly ownEnds: readonly End[];
  /** Ends it; it comes back after `downMs`. Resolves with how it ended. */
  end(signal: 'SIGKILL' | 'SIGTERM', downMs?: number): Promise<End>;
  /** Stands still, or goes on. */
  suspend(): void;
  resume(): void;
  /** Resolves once it is there again. */
  up(): Promise<void>;
  /** Whether it said within a while that it is ready, since it was started last: before that no signal is heeded. */
  ready(withinMs: number): Promise<boolean>;
  /** Ends it for good. */
  stop(patienceMs: number): Promise<void>;
}

export function supervise(name: string, launch: () => ChildProcess): Supervised {
  const ownEnds: End[] = [];
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
      if (!signalled) ownEnds.push({ code, signal });
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
    ownEnds,
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
