import { openSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { forkModule } from '../harness/child';
import { clientSettings, processEnv, workerSettings } from '../harness/process-env';
import { freePort } from '../harness/free-port';
import { withInstallation, type OnTeardown } from '../harness/installation';
import { supervise, type Supervised } from '../harness/supervised';
import type { Random } from '../simulator/random';
import { createSource, type Source } from '../src/source';
import { createCli, type Cli } from './cli';
import { createDeployment, type Deployment } from './deployment';
import { startReceiver, type Receiver } from './receiver';
import { LISTINGS, type Settings } from './settings';
import { startTarget, type Target } from './targets';
import { startCluster, startDevServer, type TemporalService } from './temporal-service';
import { startTenant, type TenantProcess } from './tenant';
import { createVolume, type Volume } from './volume';
import { createWorkersClock, type WorkersClock } from './workers-clock';

export const SOURCE = 'chaos';
export const SCHEDULE_EVERY = '10s';
const WORKERS = 3;
const WORKER_PATIENCE_MS = 40_000;
const RECEIVER_PATIENCE_MS = 10_000;
/** The server suggests continue-as-new after so many events instead of 4096, so that large syncs take several runs. */
const EVENTS_OF_A_RUN = 400;

/** Strings that no log, history or metric may hold. */
export interface Secrets {
  /** The API key. */
  readonly key: string;
  /** Every text, name and e-mail address holds this marker. */
  readonly marker: string;
}

/** A whole installation of real processes: Temporal, simulated API, workers, CLI. */
export interface Environment {
  readonly temporal: TemporalService;
  readonly tenant: TenantProcess;
  readonly workers: readonly Supervised[];
  readonly deployment: Deployment;
  readonly workersClock: WorkersClock;
  /** Where the workers deliver to, and on which real servers besides. */
  readonly receiver: Receiver;
  readonly targets: readonly Target[];
  /** The workers' Prometheus endpoints, as host:port. */
  readonly metricsAddresses: readonly string[];
  readonly volume: Volume;
  readonly cli: Cli;
  readonly source: Source;
  readonly secrets: Secrets;
  /** DATA_DIR: holds the link to the volume, and the dev server's temporal.db. */
  readonly dataDir: string;
  /** The archive's folder, FILE_DIR/<source>. */
  readonly archiveFolder: string;
  /** Holds a log of each process. */
  readonly logFolder: string;
}

export interface EnvironmentOptions {
  readonly random: Random;
  readonly seed: string;
  readonly settings: Settings;
  readonly chats: number;
  /** Its abort ends the run and tears the environment down. */
  readonly signal: AbortSignal;
}

/** Runs `work` on a new environment and tears it down in any case. @param keep Whether to leave its folder. */
export function withEnvironment<T>(
  options: EnvironmentOptions,
  keep: () => boolean,
  work: (environment: Environment) => Promise<T>,
): Promise<T> {
  return withInstallation({
    name: SOURCE,
    signal: options.signal,
    setUp: (folder, onTeardown) => setUp(options, folder, onTeardown, keep),
    work,
    keep,
  });
}

async function setUp(
  { random, seed, settings: { onChatFailure, listing, destinations, cluster }, chats }: EnvironmentOptions,
  folder: string,
  onTeardown: OnTeardown,
  keep: () => boolean,
): Promise<Environment> {
  const [dataDir, logFolder] = [join(folder, 'data'), join(folder, 'logs')];
  for (const path of [dataDir, logFolder]) await mkdir(path);
  const secrets = { key: `sk-ant-api01-${random.id(40)}`, marker: `Quokka${random.id(12)}` };

  const volume = await createVolume(join(folder, 'volume'), join(dataDir, 'messages'));
  onTeardown(() => volume.close());
  // Unmounting deletes what the volume holds.
  onTeardown(async () => keep() && cp(volume.path, join(folder, 'volume-kept'), { recursive: true }));
  const tenant = await startTenant({ seed, ...secrets, chats, listing }, join(logFolder, 'tenant.log'));
  onTeardown(() => tenant.stop());
  const receiver = await startReceiver(folder, join(logFolder, 'receiver.log'));
  onTeardown(() => receiver.process.stop(RECEIVER_PATIENCE_MS));
  const targets: Target[] = [];
  for (const name of destinations) {
    const target = await startTarget(name, folder);
    if (target === null) continue;
    targets.push(target);
    onTeardown(() => target.stop());
  }
  const dynamicConfig = { 'limit.historyCount.suggestContinueAsNew': EVENTS_OF_A_RUN };
  const startTemporal = cluster ? startCluster : startDevServer;
  const temporal = await startTemporal({ folder, dataDir, logFolder, dynamicConfig }, onTeardown);
  await temporal.answers();

  const settings = { ...clientSettings(temporal.address, SOURCE, dataDir), LOG_LEVEL: 'trace' };
  const workersSettings = {
    ...settings,
    ...workerSettings({ ...tenant, key: secrets.key }),
    REQUESTS_PER_SECOND: '10000',
    WORKERS: String(WORKERS),
    PAGE_SIZE: '25',
    SETTLE_SECONDS: '1',
    ON_CHAT_FAILURE: onChatFailure,
    LISTING: LISTINGS[listing].LISTING,
    DESTINATIONS: ['http', ...targets.map(({ name }) => name)].join(),
    ...Object.fromEntries(targets.flatMap((target) => Object.entries(target.settings))),
    HTTP_URL: receiver.url,
    // Several deliveries for each part.
    HTTP_BATCH_BYTES: '100000',
  };
  const deployment = createDeployment(join(folder, 'other-build'));
  const workersClock = createWorkersClock(folder);
  const metricsAddresses: string[] = [];
  while (metricsAddresses.length < WORKERS) metricsAddresses.push(`127.0.0.1:${await freePort()}`);
  const workers = metricsAddresses.map((METRICS_ADDRESS, index) => {
    const log = openSync(join(logFolder, `worker-${index + 1}.log`), 'a');
    return supervise(`worker ${index + 1}`, () =>
      forkModule(join(deployment.lib, 'worker.js'), {
        cwd: dataDir,
        env: processEnv({ ...workersSettings, ...workersClock.env, METRICS_ADDRESS }),
        execArgv: workersClock.execArgv,
        log,
      }),
    );
  });
  onTeardown(() => Promise.all(workers.map((worker) => worker.stop(WORKER_PATIENCE_MS))));
  const cli = createCli(settings, join(logFolder, 'cli.log'));
  onTeardown(async () => cli.stop());
  return {
    temporal,
    tenant,
    workers,
    deployment,
    workersClock,
    receiver,
    targets,
    metricsAddresses,
    volume,
    cli,
    source: createSource(temporal.client, SOURCE),
    secrets,
    dataDir,
    archiveFolder: join(volume.path, SOURCE),
    logFolder,
  };
}
