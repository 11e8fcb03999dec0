import { readFileSync } from 'node:fs';
import type { Stage } from './stage';

/** What the system's list of processes shows of ours; nothing where there is no /proc. */
export function titlesOf({ server, workers, cli }: Stage): string[] {
  const pids = [...[server, ...workers].map(({ pid }) => pid), ...cli.pids];
  return pids.flatMap((pid) => {
    try {
      return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
    } catch {
      return [];
    }
  });
}
