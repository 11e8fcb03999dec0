import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The clock of the machine that the workers run on. */
export interface WorkersClock {
  /** Arguments of Node.js that make a worker use this clock, with `env`. */
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Sets the skew of the clock, ms; negative is behind. */
  skewBy(ms: number): Promise<void>;
}

/** @param folder Where the file with the skew is. */
export function createWorkersClock(folder: string): WorkersClock {
  const file = join(folder, 'workers-clock');
  return {
    execArgv: ['--require', join(__dirname, 'wrong-clock.js')],
    env: { CHAOS_CLOCK_FILE: file },
    async skewBy(ms) {
      await writeFile(`${file}.next`, String(ms));
      await rename(`${file}.next`, file);
    },
  };
}
