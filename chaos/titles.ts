import { readFileSync } from 'node:fs';
import type { Environment } from './environment';

/** The command lines of the environment's processes; none on a system without /proc. */
export function titlesOf({ temporal, workers, cli }: Environment): string[] {
  const pids = [...[...temporal.servers, ...workers].map(({ pid }) => pid), ...cli.pids];
  return pids.flatMap((pid) => {
    try {
      return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
    } catch {
      return [];
    }
  });
}
