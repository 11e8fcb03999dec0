import { stat } from 'node:fs/promises';
import { compare, emittedTo, type Exactness } from './exactness';
import { readChain, type Chain } from './history';
import { ratePerSecond, worstSecond } from './rates';
import { SOURCE, withStage, type Stage, type StageOptions } from './stage';
import { syncOnce } from './sync';
import { machineCpuSeconds, usageOf } from './usage';

/** CPU seconds during the sync. */
export interface CpuSeconds {
  worker: number;
  temporal: number;
  tenant: number;
  /** Of processes that are none of ours: how quiet the machine was. */
  others: number;
}

/** One sync of a whole tenant, from nothing. */
export interface Measured extends Exactness {
  workers: number;
  users: number;
  /** Lists that a per-user reader asks for; 0 where there is one for all. */
  groups: number;
  chats: number;
  messages: number;
  requests: number;
  fewestRequests: number;
  /** From the first request for messages to the last. */
  readingPerSecond: number;
  /** From the first request of all to the last. */
  requestsPerSecond: number;
  worstSecond: number;
  chain: Chain;
  sinkBytes: number;
  databaseBytes: number;
  /** Null where the system does not say. */
  cpuSeconds: CpuSeconds | null;
  /** Of the worker with the most. */
  peakMemoryBytes: number | null;
  /** Of the (first) worker, at each tenth of the chats. */
  memoryBytes: number[];
  kills: number;
  serverVersion: string;
}

export function measure(options: StageOptions, signal: AbortSignal): Promise<Measured> {
  return withStage(options, signal, async (stage) => {
    const { client } = stage.temporal;
    const { serverVersion } = await client.workflowService.getSystemInfo({});
    const databaseBefore = await databaseBytes(stage);
    const cpuBefore = cpuOf(stage);
    const memoryBytes: number[] = [];
    let kills = 0;
    const report = await syncOnce(client, SOURCE, async (chats) => {
      if (chats >= ((memoryBytes.length + 1) * options.tenant.chats) / 10) {
        memoryBytes.push(usageOf(stage.workerPids[0] ?? 0)?.memoryBytes ?? NaN);
      }
      if (options.killAt === undefined || kills > 0 || chats < options.killAt) return;
      kills += 1;
      await stage.killWorker();
    });
    const cpuSeconds = difference(cpuBefore, cpuOf(stage));
    const peaks = stage.workerPids.map((pid) => usageOf(pid)?.peakMemoryBytes ?? 0);
    const databaseAfter = await databaseBytes(stage);

    const chain = await readChain(client, SOURCE);
    const { requestTimes, readingTimes, messageIds } = await stage.tenant.facts();
    const emitted = await emittedTo(stage.sinkFolder);
    return {
      workers: options.workers,
      users: stage.tenant.users,
      groups: stage.tenant.groups,
      chats: report.chats,
      messages: report.messages,
      requests: requestTimes.length,
      fewestRequests: stage.tenant.fewestRequests,
      readingPerSecond: ratePerSecond(readingTimes),
      requestsPerSecond: ratePerSecond(requestTimes),
      worstSecond: worstSecond(requestTimes),
      ...compare(emitted.ids, messageIds),
      chain,
      sinkBytes: emitted.bytes,
      databaseBytes: databaseAfter - databaseBefore,
      cpuSeconds,
      peakMemoryBytes: Math.max(...peaks) || null,
      memoryBytes,
      kills,
      serverVersion,
    };
  });
}

/** `others` holds, for the moment, the whole machine. */
function cpuOf({ workerPids, temporalPid, tenant }: Stage): CpuSeconds | null {
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

async function databaseBytes({ temporal: { databaseFile } }: Stage): Promise<number> {
  const sizes = ['', '-wal'].map(async (end) => (await stat(databaseFile + end).catch(() => null))?.size ?? 0);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
