import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcesses, type Processes } from './processes';
import { startTemporalServer, type TemporalServer } from './temporal-server';
import { startTenant, type TenantProcess, type TenantSpec } from './tenant';

const ROOT = join(__dirname, '..', '..', '..');
export const SOURCE = 'bench';

export interface StageOptions {
  tenant: TenantSpec;
  requestsPerSecond: number;
  workers: number;
  /** The worker is killed when so many chats are published. */
  killAt?: number;
}

/** A whole installation of its own: Temporal server, simulator, built workers, an empty folder for the file sink. */
export interface Stage {
  readonly server: TemporalServer;
  readonly tenant: TenantProcess;
  readonly workerPids: readonly number[];
  /** Kills the (first) worker and starts it again. */
  killWorker(): Promise<void>;
  /** Of the file sink: FILE_DIR/<source>. */
  readonly sinkFolder: string;
}

/** Runs `measure` on a fresh stage and takes it down, whatever happens; at once when the signal is aborted. */
export async function withStage<T>(
  options: StageOptions,
  signal: AbortSignal,
  measure: (stage: Stage) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'chat-sync-bench-'));
  const processes = startProcesses();
  const over = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: over.signal });
  });
  const work = async (): Promise<T> => {
    const stage = await setUp(options, processes, folder, signal);
    try {
      return await Promise.race([measure(stage), processes.failed]);
    } finally {
      await stage.server.client.connection.close();
    }
  };
  try {
    signal.throwIfAborted();
    return await Promise.race([work(), aborted, processes.failed]);
  } finally {
    over.abort();
    await processes.stop(signal.aborted ? 'once' : undefined);
    await rm(folder, { recursive: true, force: true });
  }
}

async function setUp(
  { tenant: spec, requestsPerSecond, workers }: StageOptions,
  processes: Processes,
  folder: string,
  signal: AbortSignal,
): Promise<Stage> {
  const tenant = await startTenant(processes, folder, spec);
  const server = await startTemporalServer(processes, ROOT, folder, signal);
  const { PATH, HOME, TMPDIR } = process.env;
  const env = {
    ...{ PATH, HOME, TMPDIR },
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_CONFIG_FILE: devNull,
    ANTHROPIC_COMPLIANCE_ACCESS_KEY: tenant.key,
    ANTHROPIC_BASE_URL: tenant.url,
    BACKFILL_START: tenant.backfillStart,
    SOURCE,
    REQUESTS_PER_SECOND: String(requestsPerSecond),
    WORKERS: String(workers),
    SETTLE_SECONDS: '0',
    DATA_DIR: folder,
    LOG_LEVEL: 'warn',
    // As `up` and the container image start it.
    MALLOC_ARENA_MAX: '2',
  };
  const startWorker = async (): Promise<ChildProcess> => {
    const child = processes.fork(join(ROOT, 'lib', 'worker.js'), { cwd: folder, env });
    await once(child, 'message');
    return child;
  };
  const children = await Promise.all(Array.from({ length: workers }, startWorker));
  return {
    server,
    tenant,
    get workerPids() {
      return children.map((child) => child.pid ?? 0);
    },
    async killWorker() {
      const [child] = children;
      if (child) await processes.kill(child);
      children[0] = await startWorker();
    },
    sinkFolder: join(folder, 'messages', SOURCE),
  };
}
