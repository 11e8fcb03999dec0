import { makeTelemetryFilterString, Runtime, type Logger } from '@temporalio/worker';
import { keepHeapModest } from '../compliance-api/heap';
import type { WorkerConfig } from '../config/config';
import { metricsExporter } from './metrics-exporter';

/** Installs Temporal's runtime, once, before any other use of Temporal. @throws Error if metrics cannot be exported so. */
export async function installRuntime(logger: Logger, { settings, source }: WorkerConfig): Promise<Runtime> {
  keepHeapModest();
  // Forwarded to our logger: otherwise Temporal's core writes to stdout, which is for data.
  const logging = { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'WARN' }) };
  const { METRICS_ADDRESS: address } = settings;
  try {
    const metrics = await metricsExporter(settings, source);
    return Runtime.install({ logger, shutdownSignals: [], telemetryOptions: { logging, ...(metrics && { metrics }) } });
  } catch (error) {
    if (address === undefined) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`METRICS_ADDRESS=${address}: nothing can listen there: ${reason}`, { cause: error });
  }
}
