import { fork } from 'node:child_process';
import { openSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Random } from '../simulator/random';
import { createSource, type Source } from '../src/source';
import { freePort } from '../bench/free-port';
import { createCli, type Cli } from './cli';
import { createDeployment, type Deployment } from './deployment';
import { LISTINGS, type Settings } from './settings';
import { supervise, type Supervised } from './supervised';
import { startTemporal, type Temporal } from './temporal';
import { startTenant, type TenantProcess } from './tenant';
import { createVolume, type Volume } from './volume';
import { createWorkersClock, type WorkersClock } from './workers-clock';

const ROOT = join(__dirname, '..', '..', '..');
export const SOURCE = 'chaos';
export const SCHEDULE_EVERY = '10s';
const WORKERS = 3;
const WORKER_PATIENCE_MS = 40_000;
const SERVER_PATIENCE_MS = 10_000;

/** What must not be found where it does not belong. */
export interface Secrets {
  /** Of the API. */
  readonly key: string;
  /** Is in every text, name and e-mail address. */
  readonly marker: string;
}

/** A whole installation of its own, of real processes. */
export interface Stage {
  readonly temporal: Temporal;
  readonly tenant: TenantProcess;
  readonly workers: readonly Supervised[];
  readonly deployment: Deployment;
  readonly workersClock: WorkersClock;
  /** Where the workers show their metrics. */
  readonly metricsAddresses: readonly string[];
  readonly volume: Volume;
  readonly cli: Cli;
  readonly source: Source;
  readonly secrets: Secrets;
  /** temporal.db, and the link to the volume. */
  readonly dataDir: string;
  /** Of the file sink: FILE_DIR/<source>. */
  readonly sinkFolder: string;
  /** What every process said. */
  readonly logFolder: string;
}

export interface StageOptions {
  readonly random: Random;
  readonly seed: string;
  readonly settings: Settings;
  readonly chats: number;
  /** Aborted, everything is taken down. */
  readonly signal: AbortSignal;
}

/** Runs `work` on a fresh stage and takes it down, whatever happens. @param keep Leaves the folder, to look into. */
export async function withStage<T>(
  options: StageOptions,
  keep: () => boolean,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const { signal } = options;
  const folder = await mkdtemp(join(tmpdir(), 'chat-sync-chaos-'));
  const undo: (() => Promise<void>)[] = [];
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => undefined);
  try {
    const stage = await setUp(options, folder, (step) => undo.unshift(step));
    signal.throwIfAborted();
    return await Promise.race([work(stage), aborted]);
  } finally {
    // The volume goes with its mount.
    if (keep()) await cp(join(folder, 'volume'), join(folder, 'volume-kept'), { recursive: true });
    for (const step of undo) await step();
    if (keep()) process.stderr.write(`chaos: logs and temporal.db are left in ${folder}\n`);
    else await rm(folder, { recursive: true, force: true });
  }
}

async function setUp(
  { random, seed, settings, chats }: StageOptions,
  folder: string,
  undoing: (step: () => Promise<void>) => void,
): Promise<Stage> {
  const [dataDir, logFolder] = [join(folder, 'data'), join(folder, 'logs')];
  for (const path of [dataDir, logFolder]) await mkdir(path);
  const secrets = { key: `sk-ant-api01-${random.id(40)}`, marker: `Quokka${random.id(12)}` };

  const volume = await createVolume(join(folder, 'volume'), join(dataDir, 'messages'));
  undoing(() => volume.close());
  const tenant = await startTenant(
    { seed, ...secrets, chats, listing: settings.listing },
    join(logFolder, 'tenant.log'),
  );
  undoing(() => tenant.stop());
  const temporal = await startTemporal(ROOT, dataDir, join(logFolder, 'temporal.log'));
  undoing(() => temporal.process.stop(SERVER_PATIENCE_MS));
  undoing(() => temporal.client.connection.close());
  await temporal.answers();

  const { PATH, HOME, TMPDIR } = process.env;
  const clientEnv = {
    ...{ PATH, HOME, TMPDIR },
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_CONFIG_FILE: devNull,
    SOURCE,
    LOG_LEVEL: 'trace',
  };
  const env = {
    ...clientEnv,
    ANTHROPIC_COMPLIANCE_ACCESS_KEY: secrets.key,
    ANTHROPIC_BASE_URL: tenant.url,
    BACKFILL_START: tenant.backfillStart,
    REQUESTS_PER_SECOND: '10000',
    WORKERS: String(WORKERS),
    PAGE_SIZE: '25',
    SETTLE_SECONDS: '1',
    ON_CHAT_FAILURE: settings.onChatFailure,
    LISTING: LISTINGS[settings.listing].LISTING,
    DATA_DIR: dataDir,
    // As `up` and the container image start it.
    MALLOC_ARENA_MAX: '2',
  };
  const deployment = createDeployment(ROOT, join(folder, 'other-build'));
  const workersClock = createWorkersClock(folder);
  const metricsAddresses: string[] = [];
  while (metricsAddresses.length < WORKERS) metricsAddresses.push(`127.0.0.1:${await freePort()}`);
  const workers = metricsAddresses.map((METRICS_ADDRESS, index) => {
    const log = openSync(join(logFolder, `worker-${index + 1}.log`), 'a');
    return supervise(`worker ${index + 1}`, () =>
      // A group of its own: Ctrl-C is for us alone. The channel ends a worker whose chaos has died.
      fork(join(deployment.lib, 'worker.js'), {
        cwd: dataDir,
        env: { ...env, ...workersClock.env, METRICS_ADDRESS },
        execArgv: [...workersClock.execArgv],
        stdio: ['ignore', log, log, 'ipc'],
        detached: true,
      }),
    );
  });
  undoing(async () => {
    await Promise.all(workers.map((worker) => worker.stop(WORKER_PATIENCE_MS)));
  });
  const cli = createCli(ROOT, dataDir, clientEnv, join(logFolder, 'cli.log'));
  undoing(async () => cli.stop());
  return {
    temporal,
    tenant,
    workers,
    deployment,
    workersClock,
    metricsAddresses,
    volume,
    cli,
    source: createSource(temporal.client, SOURCE),
    secrets,
    dataDir,
    sinkFolder: join(volume.path, SOURCE),
    logFolder,
  };
}
