#!/usr/bin/env node
import { join } from 'node:path';
import type { DataConverter } from '@temporalio/common';
import type { Logger } from '@temporalio/worker';
import { Command } from 'commander';
import { createApiSlots } from './worker/api-slots';
import { createComplianceApi } from './compliance-api/client';
import { createPacer } from './compliance-api/pacer';
import { accessKeyOf } from './config/access-key';
import { proxyOf } from './config/proxy';
import { loadWorkerConfig, type WorkerConfig } from './config/config';
import { ConfigError, readEnvironment, type Environment } from './config/environment';
import { exitWith } from './exit';
import { createDeliveryChain, type DeliveryChain } from './delivery-chain';
import { makeDestinations } from './worker/destinations';
import { createLogger } from './worker/log';
import { createMetrics, type Metrics } from './worker/metrics';
import { policyOf } from './config/policy';
import { UndecodableError } from './temporal/payload-codec';
import { installRuntime } from './worker/runtime';
import { createVerification } from './verification';
import { createFolderArchive } from './archive/folder-archive';
import { UnsuitableError, type Archive } from './archive/archive';
import { createSource, type Source } from './source';
import { UnreadableStateError } from './domain/source-view';
import { createSourceWorker, type SourceWorker } from './worker/source-worker';
import { temporalSettings, type TemporalSettings } from './temporal/settings';
import { watchSource } from './worker/watch-source';
import { watchWorkers } from './worker/watch-workers';
import { version } from './version';
import { connectWorker, persist, temporalPartOf, type WorkerConnection } from './temporal/worker-connection';

// Deprecation warnings of our dependencies are not for operators.
process.noDeprecation = true;

/** With a codec the workflows need the bundle whose failures put their messages into payloads. */
const bundleFor = ({ failureConverterPath }: DataConverter) => ({
  codePath: join(__dirname, failureConverterPath === undefined ? 'workflow-bundle.js' : 'encoded-workflow-bundle.js'),
});

interface Started {
  connection: WorkerConnection;
  source: Source;
  chains: DeliveryChain[];
  worker: SourceWorker;
}

async function main(): Promise<void> {
  new Command('chat-sync worker')
    .description('Serves one SOURCE: its workflows and its requests. Ends cleanly at SIGTERM or Ctrl-C.')
    .version(version)
    .addHelpText('after', '\nExample:\n  ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE=/run/secrets/key node lib/worker.js')
    .exitOverride()
    .parse();
  const environment = readEnvironment(process.env);
  // The SDKs of AWS and OpenTelemetry read their variables themselves, and not from `.env`.
  for (const [name, value] of Object.entries(environment)) if (/^(AWS|OTEL)_/.test(name)) process.env[name] ??= value;
  const config = loadWorkerConfig(environment);
  const temporal = temporalSettings(environment);
  requireOwnCertificates(environment);
  const logger = createLogger(config.log);
  for (const warning of config.warnings) logger.warn(warning);

  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  // The IPC channel to `up` has closed: this worker ends with it.
  process.on('disconnect', () => stop.abort());

  const { folder: dir, source, readSigner } = config;
  const archive = createFolderArchive({ dir, source, readSigner });
  await tryOut(archive, logger);

  const runtime = await installRuntime(logger, config);
  const metrics = createMetrics(runtime.metricMeter);
  await serve({ config, temporal, logger, metrics, archive, signal: stop.signal });
}

/** Checks the archive. What an operator can mend is only a warning. @throws ConfigError if the archive can never work. */
async function tryOut(archive: Archive, logger: Logger): Promise<void> {
  await archive.check().catch((error: unknown) => {
    if (error instanceof UnsuitableError) throw new ConfigError(error.message, { cause: error });
    logger.warn(`syncs will wait: ${error instanceof Error ? error.message : 'the archive cannot be used'}`);
  });
}

interface Serving {
  config: WorkerConfig;
  temporal: TemporalSettings;
  logger: Logger;
  metrics: Metrics;
  archive: Archive;
  signal: AbortSignal;
}

async function serve({ config, temporal, logger, metrics, archive, signal }: Serving): Promise<void> {
  const { settings, source: name } = config;
  const policy = policyOf(settings, version);
  const pacer = createPacer({ requestsPerSecond: policy.requestsPerSecond, workers: policy.workers });
  const slots = createApiSlots(policy);
  const api = createComplianceApi({
    baseUrl: settings.ANTHROPIC_BASE_URL,
    accessKey: accessKeyOf(settings),
    pacer,
    version,
    proxy: proxyOf(config.environment),
    observe: (endpoint, outcome) => metrics.requested(endpoint, outcome),
    sent: () => slots.sent(),
  });
  const destinations = await makeDestinations(config, metrics);
  const start = async (): Promise<Started> => {
    const connection = await connectWorker(temporal);
    try {
      const source = createSource(connection.client, name);
      const served = destinations.map(({ name: destination, activities }) => ({
        chain: createDeliveryChain(connection.client, name, destination),
        activities,
      }));
      // A memo by another codec is a wrong setting, and ends the start here instead of failing each task.
      await source.view().catch((error: unknown) => {
        if (error instanceof UndecodableError) throw error;
      });
      // A destination that is new begins with what is there.
      for (const { chain } of served) {
        await chain.wake().catch((error: unknown) => {
          if (!(error instanceof UnreadableStateError)) throw error;
          logger.warn(`destination ${chain.destination} gets nothing: ${error.message}`);
        });
      }
      const { namespace, dataConverter } = temporal;
      const workflowBundle = bundleFor(dataConverter);
      const parts = {
        source,
        verification: createVerification(connection.client, name),
        archive,
        folder: config.folder,
        api,
        slots,
        policy,
        metrics,
        workflowBundle,
        dataConverter,
        destinations: served,
      };
      return {
        connection,
        source,
        chains: served.map(({ chain }) => chain),
        worker: await createSourceWorker({ connection: connection.native, namespace, ...parts }),
      };
    } catch (error) {
      await connection.close();
      throw await temporalPartOf(error, temporal);
    }
  };
  let started: Started | undefined;
  try {
    started = await persist(start, { logger, signal });
    if (!started) return;
    const { source, worker, chains } = started;
    signal.addEventListener('abort', () => worker.shutdown());
    const running = worker.run();
    if (signal.aborted) worker.shutdown();
    logger.info(`serving source ${name}`, {
      temporal: temporal.address,
      namespace: temporal.namespace,
      archive: config.folder,
      version,
    });
    process.send?.('ready');
    void watchWorkers({ source, expected: policy.workers, logger, signal });
    if ((settings.METRICS_ADDRESS ?? settings.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT) !== undefined) {
      watchSource({ source, destinations: chains, pacer, metrics, signal }).catch((error: unknown) => {
        logger.error('the metrics show nothing of the source any more', { error });
      });
    }
    // Activities that do not end in time are left to other workers: after a stop that is no failure.
    await running.catch(async (error: unknown) => {
      if (!signal.aborted) throw await temporalPartOf(error, temporal);
      logger.warn('ended before everything was drained', { error });
    });
  } finally {
    await Promise.all([api.close(), ...destinations.map((destination) => destination.close())]);
    await started?.connection.close();
  }
}

/** Node.js reads NODE_EXTRA_CA_CERTS when it starts, before `.env` is read. @throws ConfigError */
function requireOwnCertificates({ NODE_EXTRA_CA_CERTS: wanted }: Environment): void {
  if (!wanted || process.env['NODE_EXTRA_CA_CERTS'] === wanted) return;
  throw new ConfigError(
    'NODE_EXTRA_CA_CERTS: in .env it comes too late for this process, and would do nothing: set it in the environment',
  );
}

void main().then(
  () => process.exit(0),
  (error: unknown) => exitWith(error),
);
