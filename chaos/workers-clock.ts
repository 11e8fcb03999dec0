import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The clock of the machine that the workers run on. */
export interface WorkersClock {
  /** How a worker is started so that it goes by this clock. */
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** It jumps: from now on it is wrong by so much. */
  beWrongBy(ms: number): Promise<void>;
}

export function createWorkersClock(folder: string): WorkersClock {
  const file = join(folder, 'workers-clock');
  return {
    execArgv: ['--require', join(__dirname, 'wrong-clock.js')],
    env: { CHAOS_CLOCK_FILE: file },
    async beWrongBy(ms) {
      await writeFile(`${file}.next`, String(ms));
      await rename(`${file}.next`, file);
    },
  };
}
