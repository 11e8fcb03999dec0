import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** The unit of CPU times in /proc/<pid>/stat; the same on every Linux that Node.js supports. */
const TICKS_PER_SECOND = 100;

/** CPU time and memory of a process since its start. */
export interface Usage {
  cpuSeconds: number;
  memoryBytes: number;
  peakMemoryBytes: number;
}

/** Reads a process's usage; null on systems other than Linux. @throws Error if there is no such process */
export function usageOf(pid: number): Usage | null {
  if (process.platform !== 'linux') return null;
  // The program's name, in parentheses, may hold spaces: count the fields after it.
  const fields = (
    readFileSync(`/proc/${pid}/stat`, 'utf8')
      .split(/\) (?=[A-Z] )/)
      .at(-1) ?? ''
  ).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
  return { cpuSeconds: ticks / TICKS_PER_SECOND, memoryBytes: bytes('VmRSS'), peakMemoryBytes: bytes('VmHWM') };
}

/** CPU seconds that all processes of this machine have used since its start. */
export function machineCpuSeconds(): number {
  const busy = cpus().map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq);
  return busy.reduce((sum, ms) => sum + ms, 0) / 1000;
}
