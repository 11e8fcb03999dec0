import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { lowPort } from '../../harness/servers/low-port';
import { findCollector, runCollector } from '../../harness/servers/collector';
import { createTenant, truth } from '../../simulator';
import { startTenantWorker } from '../support/tenant-worker';
import { until } from '../support/until';

const program = findCollector();
const attributes = z.array(z.object({ key: z.string(), value: z.object({ stringValue: z.string().optional() }) }));
const sum = z.object({ dataPoints: z.array(z.object({ asInt: z.string().optional() })) });
const lineSchema = z.object({
  resourceMetrics: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeMetrics: z.array(z.object({ metrics: z.array(z.object({ name: z.string(), sum: sum.optional() })) })),
    }),
  ),
});

const configOf = (at: { http: string; grpc: string; file: string }): string => `
receivers:
  otlp: { protocols: { http: { endpoint: ${at.http} }, grpc: { endpoint: ${at.grpc} } } }
exporters:
  file: { path: ${at.file}, rotation: { max_megabytes: 100 } }
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    metrics: { receivers: [otlp], exporters: [file] }
`;

/** What has arrived of a source in whole lines: each metric with the value of its first point, the last one. */
function collected(file: string, source: string | undefined): Map<string, number> {
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  const metrics = lines
    .flatMap((line) => lineSchema.parse(JSON.parse(line)).resourceMetrics)
    .filter(({ resource }) =>
      resource.attributes.some(({ key, value }) => key === 'source' && value.stringValue === source),
    )
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  return new Map(metrics.map(({ name, sum: points }) => [name, Number(points?.dataPoints[0]?.asInt)]));
}

/** The last one first. */
let running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of running) await one.stop();
  running = [];
});

const cases = [
  { name: 'HTTP, the default', setting: {}, urlOf: (address: string) => `http://${address}/v1/metrics` },
  {
    name: 'gRPC',
    setting: { OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'grpc' },
    urlOf: (_: string, address: string) => `http://${address}`,
  },
];
(program === undefined ? test.skip.each(cases) : test.each(cases))(
  "a collector gets our metrics and Temporal's, of the source: by $name",
  async ({ setting, urlOf }) => {
    const folder = await mkdtemp(join(tmpdir(), 'chat-sync-otlp-'));
    const [http, grpc] = [`127.0.0.1:${await lowPort()}`, `127.0.0.1:${await lowPort()}`];
    const file = join(folder, 'metrics.json');
    const collector = await runCollector(program ?? '', folder, configOf({ http, grpc, file }), `http://${http}`);
    running.unshift(collector);
    const tenant = createTenant({ chats: 5 });
    const worker = await startTenantWorker(tenant, {
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: urlOf(http, grpc),
      ...setting,
    });
    running.unshift(worker);
    await worker.sync();

    const metrics = await until(() => {
      const seen = collected(file, worker.settings['SOURCE']);
      return seen.has('chat_sync_seconds_behind') && seen;
    });

    expect(metrics.get('chat_sync_messages_total')).toBe(truth(tenant).length);
    expect(metrics.has('temporal_activity_succeed_endtoend_latency')).toBe(true);
  },
);
