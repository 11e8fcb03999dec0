import { hostname } from 'node:os';
import type { Client } from '@temporalio/client';
import type { Source } from '../source';
import type { TemporalSettings } from '../temporal/settings';
import { type Diagnosis, ok, warn } from './diagnosis';

const DAY_SECONDS = 86_400;
/** A chain that was closed is begun anew from its last run, which Temporal must still have. */
const LEAST_RETENTION_DAYS = 7;

/** Looks at the namespace and who polls. @param workers WORKERS */
export async function diagnoseTemporal(
  client: Client,
  { address, namespace }: TemporalSettings,
  source: Source,
  workers: number,
): Promise<Diagnosis[]> {
  const { serverVersion } = await client.workflowService.getSystemInfo({});
  const { config } = await client.workflowService.describeNamespace({ namespace });
  const days = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / DAY_SECONDS;
  const retention =
    days < LEAST_RETENTION_DAYS
      ? warn(
          'retention',
          `the namespace forgets a closed workflow after ${days.toFixed(0)} days`,
          'a source that is terminated, and not asked for a sync for so long, would begin anew: set 30 days',
        )
      : ok('retention', `the namespace keeps a closed workflow for ${days.toFixed(0)} days`);
  return [
    ok('temporal', `${address} answers (version ${serverVersion}), and has the namespace ${namespace}`),
    retention,
    await workersOf(source, workers),
  ];
}

async function workersOf(source: Source, expected: number): Promise<Diagnosis> {
  const found = await source.workers();
  const here = hostname();
  if (found === 0)
    return warn('workers', `none serves source ${source.name}`, 'start one: `chat-sync worker`, or `npm start`');
  if (found !== expected) {
    return warn(
      'workers',
      `${found} serve source ${source.name}, and WORKERS=${expected} shares the rate among ${expected}`,
      'set WORKERS to how many there are, everywhere',
    );
  }
  return ok('workers', `${found} serve source ${source.name}; this was looked at from ${here}, with its settings`);
}
