import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { forkModule } from '../harness/child';
import { clientSettings, environmentOf, workerSettings } from '../harness/environment';
import { withInstallation, type Undoing } from '../harness/installation';
import { ROOT } from '../harness/root';
import { prepareTemporal, type Temporal } from '../harness/temporal';
import { createProcesses, STDERR, type Processes } from './processes';
import { startTenant, type TenantProcess, type TenantSpec } from './tenant';

/** A clean end takes a moment; what hangs longer is killed. */
const STOP_MS = 15_000;
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
  readonly temporal: Temporal;
  readonly temporalPid: number;
  readonly tenant: TenantProcess;
  readonly workerPids: readonly number[];
  /** Kills the (first) worker and starts it again. */
  killWorker(): Promise<void>;
  /** Of the file sink: FILE_DIR/<source>. */
  readonly sinkFolder: string;
}

/** Runs `measure` on a fresh stage and takes it down, whatever happens; at once when the signal is aborted. */
export function withStage<T>(
  options: StageOptions,
  signal: AbortSignal,
  measure: (stage: Stage) => Promise<T>,
): Promise<T> {
  const processes = createProcesses();
  return withInstallation({
    name: SOURCE,
    signal,
    setUp: (folder, undoing) => Promise.race([setUp(options, processes, folder, undoing, signal), processes.failed]),
    work: (stage) => Promise.race([measure(stage), processes.failed]),
  });
}

async function setUp(
  { tenant: spec, requestsPerSecond, workers }: StageOptions,
  processes: Processes,
  folder: string,
  undoing: Undoing,
  signal: AbortSignal,
): Promise<Stage> {
  undoing(() => processes.stop(signal.aborted ? 0 : STOP_MS));
  const tenant = await startTenant(spec);
  processes.add('the simulator', tenant.child);
  const temporal = await prepareTemporal(folder);
  const server = processes.add('temporal', temporal.launch(STDERR));
  undoing(() => temporal.client.connection.close());
  await temporal.answers();
  const env = environmentOf({
    ...clientSettings(temporal.address, SOURCE, folder),
    ...workerSettings(tenant),
    REQUESTS_PER_SECOND: String(requestsPerSecond),
    WORKERS: String(workers),
    SETTLE_SECONDS: '0',
    LOG_LEVEL: 'warn',
  });
  const startWorker = async (): Promise<ChildProcess> => {
    const worker = forkModule(join(ROOT, 'lib', 'worker.js'), { cwd: folder, env, log: STDERR });
    processes.add('a worker', worker);
    await once(worker, 'message');
    return worker;
  };
  const children = await Promise.all(Array.from({ length: workers }, startWorker));
  return {
    temporal,
    temporalPid: server.pid ?? 0,
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
