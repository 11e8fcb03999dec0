import { stat } from 'node:fs/promises';
import { compare, emittedTo, wrongIn, type Exactness } from './exactness';
import { readChain, type Chain } from './history';
import { ratePerSecond, worstSecond } from './rates';
import { SOURCE, withEnvironment, type Environment, type EnvironmentOptions } from './environment';
import { syncOnce } from './sync';
import { machineCpuSeconds, usageOf } from './usage';

/** CPU seconds of processes during the sync. */
export interface CpuSeconds {
  worker: number;
  temporal: number;
  tenant: number;
  /** Processes that do not belong to the bench: how busy the machine was otherwise. */
  others: number;
}

/** Figures of the first sync of a tenant. */
export interface Measured extends Exactness {
  /** What `verify --archive` finds wrong. */
  wrong: string[];
  workers: number;
  users: number;
  /** The number of lists that a per-user reader requests; 0 on a server that lists all chats at once. */
  groups: number;
  chats: number;
  messages: number;
  requests: number;
  fewestRequests: number;
  /** Requests per second from the first request for messages to the last. */
  readingPerSecond: number;
  /** Requests per second from the first request to the last. */
  requestsPerSecond: number;
  /** The most requests in any one second. */
  worstSecond: number;
  chain: Chain;
  archiveBytes: number;
  databaseBytes: number;
  /** Null on systems other than Linux. */
  cpuSeconds: CpuSeconds | null;
  /** Peak memory of the worker with the highest; null on systems other than Linux. */
  peakMemoryBytes: number | null;
  /** The first worker's memory at each tenth of the chats. */
  memoryBytes: number[];
  kills: number;
  serverVersion: string;
}

/** Runs one sync in a new environment and measures it. @throws Error if the sync or a process fails */
export function measure(options: EnvironmentOptions, signal: AbortSignal): Promise<Measured> {
  return withEnvironment(options, signal, async (environment) => {
    const { client } = environment.temporal;
    const { serverVersion } = await client.workflowService.getSystemInfo({});
    const databaseBefore = await databaseBytes(environment);
    const cpuBefore = cpuOf(environment);
    const memoryBytes: number[] = [];
    let kills = 0;
    const report = await syncOnce(client, SOURCE, async (chats) => {
      if (chats >= ((memoryBytes.length + 1) * options.tenant.chats) / 10) {
        memoryBytes.push(usageOf(environment.workerPids[0] ?? 0)?.memoryBytes ?? NaN);
      }
      if (options.killAt === undefined || kills > 0 || chats < options.killAt) return;
      kills += 1;
      await environment.killWorker();
    });
    const cpuSeconds = difference(cpuBefore, cpuOf(environment));
    const peaks = environment.workerPids.map((pid) => usageOf(pid)?.peakMemoryBytes ?? 0);
    const databaseAfter = await databaseBytes(environment);

    const chain = await readChain(client, SOURCE);
    const { requestTimes, readingTimes, messageIds } = await environment.tenant.facts();
    const emitted = await emittedTo(environment.archiveFolder);
    return {
      workers: options.workers,
      users: environment.tenant.users,
      groups: environment.tenant.groups,
      chats: report.chats,
      messages: report.messages,
      requests: requestTimes.length,
      fewestRequests: environment.tenant.fewestRequests,
      readingPerSecond: ratePerSecond(readingTimes),
      requestsPerSecond: ratePerSecond(requestTimes),
      worstSecond: worstSecond(requestTimes),
      ...compare(emitted.ids, messageIds),
      wrong: await wrongIn(environment.archiveFolder),
      chain,
      archiveBytes: emitted.bytes,
      databaseBytes: databaseAfter - databaseBefore,
      cpuSeconds,
      peakMemoryBytes: Math.max(...peaks) || null,
      memoryBytes,
      kills,
      serverVersion,
    };
  });
}

/** CPU seconds up to now; `others` counts from the start of the machine. */
function cpuOf({ workerPids, temporalPid, tenant }: Environment): CpuSeconds | null {
  const workers = workerPids.map((pid) => usageOf(pid));
  const [temporal, api] = [usageOf(temporalPid), usageOf(tenant.child.pid ?? 0)];
  if (!temporal || !api) return null;
  const worker = workers.reduce((sum, usage) => sum + (usage?.cpuSeconds ?? 0), 0);
  const own = process.cpuUsage();
  const bench = (own.user + own.system) / 1e6;
  const ours = worker + temporal.cpuSeconds + api.cpuSeconds + bench;
  return { worker, temporal: temporal.cpuSeconds, tenant: api.cpuSeconds, others: machineCpuSeconds() - ours };
}

function difference(before: CpuSeconds | null, after: CpuSeconds | null): CpuSeconds | null {
  if (!before || !after) return null;
  return {
    worker: after.worker - before.worker,
    temporal: after.temporal - before.temporal,
    tenant: after.tenant - before.tenant,
    others: Math.max(0, after.others - before.others),
  };
}

async function databaseBytes({ temporal: { databaseFile } }: Environment): Promise<number> {
  const sizes = ['', '-wal'].map(async (end) => (await stat(databaseFile + end).catch(() => null))?.size ?? 0);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
