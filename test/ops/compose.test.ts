import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { z } from 'zod';
import { ROOT } from '../../harness/root';

const yaml = (path: string): unknown => load(readFileSync(join(ROOT, path), 'utf8'));
const service = z.looseObject({
  profiles: z.array(z.string()).optional(),
  volumes: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.unknown()).default({}),
});
const { services } = z.object({ services: z.record(z.string(), service) }).parse(yaml('docker-compose.yml'));
const monitoring = Object.entries(services).filter(([, { profiles }]) => profiles?.includes('monitoring'));
const volumesOf = (name: string): string[][] => services[name]?.volumes.map((volume) => volume.split(':')) ?? [];

test('Prometheus and Grafana start when they are asked for', () => {
  expect(monitoring.map(([name]) => name).sort()).toEqual(['grafana', 'prometheus']);
});

test.each(monitoring)('%s cannot change what it is given', (name) => {
  const files = volumesOf(name).filter(([from]) => from?.startsWith('.'));
  expect(files).not.toEqual([]);
  for (const [from = '', , mode] of files) {
    expect([from, existsSync(join(ROOT, from))]).toEqual([from, true]);
    expect(mode).toBe('ro');
  }
  expect(services[name]).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
});

test('Prometheus asks the workers where they answer', () => {
  const discovery = z.object({ names: z.tuple([z.string()]), port: z.number() });
  const { scrape_configs: jobs } = z
    .object({ scrape_configs: z.tuple([z.object({ dns_sd_configs: z.tuple([discovery]) })]) })
    .parse(yaml('ops/prometheus/prometheus.yml'));
  const [{ names, port }] = jobs[0].dns_sd_configs;
  expect(services[names[0]]?.environment['METRICS_ADDRESS']).toBe(`\${METRICS_ADDRESS-0.0.0.0:${port}}`);
});

test('Grafana finds Prometheus, and the dashboard in its folder', () => {
  const { datasources } = z
    .object({ datasources: z.tuple([z.object({ url: z.string() })]) })
    .parse(yaml('ops/grafana/provisioning/datasources/prometheus.yml'));
  expect(services).toHaveProperty(new URL(datasources[0].url).hostname);

  const { providers } = z
    .object({ providers: z.tuple([z.object({ options: z.object({ path: z.string() }) })]) })
    .parse(yaml('ops/grafana/provisioning/dashboards/compliance-chat-sync.yml'));
  const { path } = providers[0].options;
  const [folder = ''] = volumesOf('grafana').find(([, to]) => to === path) ?? [];
  const home = String(services['grafana']?.environment['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']);
  expect(existsSync(join(ROOT, folder, home.slice(path.length + 1)))).toBe(true);
});
