import { spawn } from 'node:child_process';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const TRY_AGAIN_MS = 1000;
const PATIENCE_MS = 120_000;

export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `node lib/client.js`, as an operator runs it. Everything it says is kept, to look for secrets in. */
export interface Cli {
  run(args: readonly string[]): Promise<Said>;
  /** Again until it exits 0, as an operator would. @throws Error after two minutes */
  insist(args: readonly string[]): Promise<Said>;
  /** Of those that run now. */
  readonly pids: ReadonlySet<number>;
  /** Ends those that run, and starts no more. */
  stop(): void;
}

export function createCli(root: string, cwd: string, env: NodeJS.ProcessEnv, logFile: string): Cli {
  const pids = new Set<number>();
  let stopped = false;

  async function run(args: readonly string[]): Promise<Said> {
    if (stopped) throw new Error('stopped');
    const child = spawn(process.execPath, [join(root, 'lib', 'client.js'), ...args], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { pid = 0 } = child;
    pids.add(pid);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    pids.delete(pid);
    await appendFile(logFile, `$ ${args.join(' ')}\n${stdout}${stderr}exit ${code ?? 'by a signal'}\n`);
    return { code, stdout, stderr };
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
        const said = await run(args);
        if (said.code === 0) return said;
        if (Date.now() - start > PATIENCE_MS) throw new Error(`${args.join(' ')}: ${said.stderr}`);
        await sleep(TRY_AGAIN_MS);
      }
    },
  };
}
