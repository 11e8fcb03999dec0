import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../harness/process-env';
import { start, type Ended } from '../harness/programs';

const TRY_AGAIN_MS = 1000;
const PATIENCE_MS = 120_000;

/** Runs `node lib/client.js` as an operator does, and logs its output for the search for secrets. */
export interface Cli {
  /** @throws Error after `stop` */
  run(args: readonly string[]): Promise<Ended>;
  /** Repeats the command until it exits 0. @throws Error after two minutes, or after `stop` */
  insist(args: readonly string[]): Promise<Ended>;
  /** Process ids of running commands. */
  readonly pids: ReadonlySet<number>;
  /** Kills running commands and starts no more. */
  stop(): void;
}

export function createCli(settings: Settings, logFile: string): Cli {
  const pids = new Set<number>();
  let stopped = false;

  async function run(args: readonly string[]): Promise<Ended> {
    if (stopped) throw new Error('stopped');
    const running = start('client.js', args, settings);
    const { pid = 0 } = running.process;
    pids.add(pid);
    const ended = await running.ended;
    pids.delete(pid);
    const { code, stdout, stderr } = ended;
    await appendFile(logFile, `$ ${args.join(' ')}\n${stdout}${stderr}exit ${code ?? 'by a signal'}\n`);
    return ended;
  }

  return {
    run,
    pids,
    stop() {
      stopped = true;
      for (const pid of pids) process.kill(pid, 'SIGKILL');
    },
    async insist(args) {
      const start = Date.now();
      for (;;) {
        const ended = await run(args);
        if (ended.code === 0) return ended;
        if (Date.now() - start > PATIENCE_MS) throw new Error(`${args.join(' ')}: ${ended.stderr}`);
        await sleep(TRY_AGAIN_MS);
      }
    },
  };
}
