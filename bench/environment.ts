import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { forkModule } from '../harness/child';
import { clientSettings, processEnv, workerSettings, type Settings } from '../harness/process-env';
import { withInstallation, type OnTeardown } from '../harness/installation';
import { ROOT } from '../harness/root';
import { prepareDevServer, type DevServer } from '../harness/dev-server';
import { createProcesses, STDERR, type Processes } from './processes';
import { startTenant, type TenantProcess, type TenantSpec } from './tenant';

/** Processes get SIGKILL after this time. */
const STOP_MS = 15_000;
export const SOURCE = 'bench';

/** The tenant and the workers of an environment. */
export interface EnvironmentOptions {
  tenant: TenantSpec;
  requestsPerSecond: number;
  workers: number;
  /** Kills the worker when so many chats are published. */
  killAt?: number;
  /** More settings of the workers, or others than usual. */
  settings?: Settings;
}

/** A whole installation: Temporal server, simulator, built workers, an empty folder for the archive. */
export interface Environment {
  readonly temporal: DevServer;
  readonly temporalPid: number;
  readonly tenant: TenantProcess;
  readonly workerPids: readonly number[];
  /** Kills the first worker and starts another one. */
  killWorker(): Promise<void>;
  /** The archive's folder, FILE_DIR/<source>. */
  readonly archiveFolder: string;
}

/** Runs `measure` on a new environment and tears it down in any case. @throws Error if a process exits */
export function withEnvironment<T>(
  options: EnvironmentOptions,
  signal: AbortSignal,
  measure: (environment: Environment) => Promise<T>,
): Promise<T> {
  const processes = createProcesses();
  return withInstallation({
    name: SOURCE,
    signal,
    setUp: (folder, onTeardown) =>
      Promise.race([setUp(options, processes, folder, onTeardown, signal), processes.failed]),
    work: (environment) => Promise.race([measure(environment), processes.failed]),
  });
}

async function setUp(
  { tenant: spec, requestsPerSecond, workers, settings = {} }: EnvironmentOptions,
  processes: Processes,
  folder: string,
  onTeardown: OnTeardown,
  signal: AbortSignal,
): Promise<Environment> {
  onTeardown(() => processes.stop(signal.aborted ? 0 : STOP_MS));
  const tenant = await startTenant(spec);
  processes.add('the simulator', tenant.child);
  const temporal = await prepareDevServer(folder);
  const server = processes.add('temporal', temporal.launch(STDERR));
  onTeardown(() => temporal.client.connection.close());
  await temporal.answers();
  const env = processEnv({
    ...clientSettings(temporal.address, SOURCE, folder),
    ...workerSettings(tenant),
    REQUESTS_PER_SECOND: String(requestsPerSecond),
    WORKERS: String(workers),
    SETTLE_SECONDS: '0',
    LOG_LEVEL: 'warn',
    ...settings,
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
    archiveFolder: join(folder, 'messages', SOURCE),
  };
}
