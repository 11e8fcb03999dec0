import { lookup } from 'node:dns/promises';
import type { MetricsExporterConfig } from '@temporalio/worker';
import type { WorkerSettings } from '../config/config';

const EXPORT_EVERY = '10s';

/** Where the metrics go; Temporal's runtime has one exporter. Undefined if nobody asks for any. */
export async function metricsExporter(
  settings: WorkerSettings,
  source: string,
): Promise<MetricsExporterConfig | undefined> {
  const labels = { globalTags: { source }, attachServiceName: false };
  const { METRICS_ADDRESS: address, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: url } = settings;
  if (address !== undefined) return { ...labels, prometheus: { bindAddress: await resolved(address) } };
  if (url === undefined) return undefined;
  const http = settings.OTEL_EXPORTER_OTLP_METRICS_PROTOCOL === 'http/protobuf';
  return { ...labels, otel: { url, http, metricsExportInterval: EXPORT_EVERY } };
}

/** The exporter takes IP addresses only. */
async function resolved(address: string): Promise<string> {
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  const { address: ip, family } = await lookup(host);
  return `${family === 6 ? `[${ip}]` : ip}:${port}`;
}
