#!/usr/bin/env node
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type Logger } from '@temporalio/worker';
import { Command } from 'commander';
import { readAccessKey } from './access-key';
import { createComplianceApi } from './compliance-api/client';
import type { ProxySettings } from './compliance-api/connection';
import { createPacer } from './compliance-api/pacer';
import { loadWorkerConfig, readEnvironment, type Environment, type WorkerConfig } from './config';
import { exitWith } from './exit';
import { createLogger } from './log';
import { createMetrics, type Metrics } from './metrics';
import { policyOf } from './policy';
import { installRuntime } from './runtime';
import { sinks } from './sinks/registry';
import { createSource } from './source';
import { createSourceWorker } from './source-worker';
import { temporalSettings, type TemporalSettings } from './temporal';
import { watchSource } from './watch-source';
import { watchWorkers } from './watch-workers';
import { version } from './version';

const RECONNECT_MS = 5000;
const MEMO_WARN_BYTES = 128 * 1024;

async function main(): Promise<void> {
  new Command('worker')
    .description('Serves one SOURCE: its workflows and its requests. Ends cleanly at SIGTERM or Ctrl-C.')
    .version(version)
    .addHelpText('after', '\nExample:\n  ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE=/run/secrets/key node lib/worker.js')
    .exitOverride()
    .parse();
  const environment = readEnvironment(process.env);
  const config = loadWorkerConfig(environment);
  const temporal = temporalSettings(environment);
  const logger = createLogger(config.log);
  for (const warning of config.warnings) logger.warn(warning);

  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  // Started by `up`: its end is ours.
  process.on('disconnect', () => stop.abort());

  const { METRICS_ADDRESS: metricsAddress } = config.settings;
  const runtime = await installRuntime({ logger, source: config.source, metricsAddress });
  const metrics = createMetrics(runtime.metricMeter);
  const connection = await connect(temporal, logger, stop.signal);
  if (connection) await serve({ connection, config, temporal, logger, metrics, signal: stop.signal });
}

/** Tries until Temporal answers. Undefined: stopped before it did. */
async function connect(
  { address, connection }: TemporalSettings,
  logger: Logger,
  signal: AbortSignal,
): Promise<NativeConnection | undefined> {
  while (!signal.aborted) {
    try {
      // The SDK warns of a memo beyond 2 KiB; ours is the source's state, of about twice that.
      return await NativeConnection.connect({ ...connection, payloadLimits: { memoWarnSize: MEMO_WARN_BYTES } });
    } catch (error) {
      const reason = error instanceof Error ? error.name : 'unknown';
      logger.warn(`no Temporal at ${address} yet, trying again every ${RECONNECT_MS / 1000} s`, { reason });
      await sleep(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}

interface Serving {
  connection: NativeConnection;
  config: WorkerConfig;
  temporal: TemporalSettings;
  logger: Logger;
  metrics: Metrics;
  signal: AbortSignal;
}

async function serve({ connection, config, temporal, logger, metrics, signal }: Serving): Promise<void> {
  const { settings, source: name } = config;
  const { namespace } = temporal;
  const policy = policyOf(settings, version);
  const clientConnection = await Connection.connect({
    ...temporal.connection,
    channelArgs: { 'grpc.max_reconnect_backoff_ms': 5000 },
  });
  const source = createSource(new Client({ connection: clientConnection, namespace }), name);
  const sink = sinks[settings.SINK].create(config.environment, { source: name, dataDir: settings.DATA_DIR });
  const pacer = createPacer({ requestsPerSecond: policy.requestsPerSecond, workers: policy.workers });
  const api = createComplianceApi({
    baseUrl: settings.ANTHROPIC_BASE_URL,
    accessKey: accessKeyOf(config),
    pacer,
    version,
    proxy: proxyOf(config.environment),
    observe: (endpoint, outcome) => metrics.requested(endpoint, outcome),
  });
  const workflowBundle = { codePath: join(__dirname, 'workflow-bundle.js') };
  try {
    const parts = { connection, namespace, source, sink, api, policy, metrics, workflowBundle };
    const worker = await createSourceWorker(parts);
    signal.addEventListener('abort', () => worker.shutdown());
    const running = worker.run();
    if (signal.aborted) worker.shutdown();
    logger.info(`serving source ${name}`, { temporal: temporal.address, namespace, sink: sink.name, version });
    process.send?.('ready');
    void watchWorkers({ source, expected: policy.workers, logger, signal });
    if (settings.METRICS_ADDRESS !== undefined) {
      watchSource({ source, pacer, metrics, signal }).catch((error: unknown) => {
        logger.error('the metrics show nothing of the source any more', { error });
      });
    }
    // What does not heed its end in time is left to others; that is no failure of ours.
    await running.catch((error: unknown) => {
      if (!signal.aborted) throw error;
      logger.warn('ended before everything was drained', { error });
    });
  } finally {
    await api.close();
    await sink.close?.();
    await clientConnection.close();
    await connection.close();
  }
}

/** The proxy's variables may stand in .env, which the process's own environment does not hold. */
function proxyOf({ HTTPS_PROXY, https_proxy, NO_PROXY, no_proxy }: Environment): ProxySettings {
  const httpsProxy = HTTPS_PROXY ?? https_proxy;
  const noProxy = NO_PROXY ?? no_proxy;
  return { ...(httpsProxy ? { httpsProxy } : {}), ...(noProxy ? { noProxy } : {}) };
}

/** The key, or how to read it anew for each request. */
function accessKeyOf({ settings }: WorkerConfig): () => Promise<string> | string {
  const { ANTHROPIC_COMPLIANCE_ACCESS_KEY: key = '', ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE: file } = settings;
  return file === undefined ? () => key : () => readAccessKey(file);
}

void main().then(
  () => process.exit(0),
  (error: unknown) => exitWith(error),
);
