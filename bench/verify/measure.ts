import { setTimeout as sleep } from 'node:timers/promises';
import { start } from '../../harness/programs';
import { SOURCE } from '../environment';
import type { Archives } from '../made-archive';
import { usageOf } from '../usage';
import type { VerificationScenario } from './scenarios';

const LOOK_EVERY_MS = 50;

/** Figures of `chat-sync verify --archive`. */
export interface VerificationResult {
  name: string;
  kind: 'verify';
  records: number;
  bytes: number;
  /** Of the whole program, its start included. */
  seconds: number;
  /** Null on systems other than Linux. */
  peakMemoryBytes: number | null;
}

/** @throws Error if it finds anything wrong */
export async function measureVerification(
  { name, records, textBytes }: VerificationScenario,
  archives: Archives,
  say: (line: string) => void,
): Promise<VerificationResult> {
  const { dir, bytes } = await archives.of({ records, textBytes });
  say(`${name}: ${records} messages ...`);
  const begun = performance.now();
  const program = start('client.js', ['verify', '--archive'], { FILE_DIR: dir, DATA_DIR: dir, SOURCE });
  const [peakMemoryBytes, { code, stdout, stderr }] = await Promise.all([
    peakOf(program.process.pid ?? 0),
    program.ended,
  ]);
  const seconds = (performance.now() - begun) / 1000;
  if (code !== 0 || !stdout.includes(`${records} records`)) throw new Error(`${name}: ${stdout}${stderr}`);
  say(`${name}: ${seconds.toFixed(1)} s`);
  return { name, kind: 'verify', records, bytes, seconds, peakMemoryBytes };
}

/** Looks until the process is gone: nobody can be asked then. */
async function peakOf(pid: number): Promise<number | null> {
  let peak: number | null = null;
  for (;;) {
    try {
      // What has ended has no memory.
      peak = usageOf(pid)?.peakMemoryBytes || peak;
    } catch {
      return peak;
    }
    await sleep(LOOK_EVERY_MS);
  }
}
