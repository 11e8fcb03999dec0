import { lookup } from 'node:dns/promises';
import { makeTelemetryFilterString, Runtime, type Logger, type MetricsExporterConfig } from '@temporalio/worker';
import { keepHeapModest } from '../compliance-api/heap';

export interface RuntimeOptions {
  logger: Logger;
  source: string;
  /** `host:port` to serve Prometheus metrics at; undefined: none are served. */
  metricsAddress: string | undefined;
}

/** Installs Temporal's runtime, once, before any other use of Temporal. @throws Error if the address is unusable. */
export async function installRuntime({ logger, source, metricsAddress }: RuntimeOptions): Promise<Runtime> {
  keepHeapModest();
  // Forwarded to our logger: otherwise Temporal's core writes to stdout, which is for data.
  const logging = { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'WARN' }) };
  const options = { logger, shutdownSignals: [] };
  if (metricsAddress === undefined) return Runtime.install({ ...options, telemetryOptions: { logging } });
  try {
    const metrics = await exporter(metricsAddress, source);
    return Runtime.install({ ...options, telemetryOptions: { logging, metrics } });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`METRICS_ADDRESS=${metricsAddress}: nothing can listen there: ${reason}`, { cause: error });
  }
}

/** Resolves the host, as the exporter takes IP addresses only. */
async function exporter(address: string, source: string): Promise<MetricsExporterConfig> {
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  const { address: ip, family } = await lookup(host);
  return {
    globalTags: { source },
    attachServiceName: false,
    prometheus: { bindAddress: `${family === 6 ? `[${ip}]` : ip}:${port}` },
  };
}
