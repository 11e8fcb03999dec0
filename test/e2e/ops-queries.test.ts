import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { load } from 'js-yaml';
import { z } from 'zod';
import { freePort } from '../../harness/free-port';
import { ROOT } from '../../harness/root';
import { findPrometheus, startPrometheus, type Prometheus } from '../../harness/servers/prometheus';
import { createTenant } from '../../simulator';
import { syncTaskQueue } from '../../src/contract';
import { alerts } from '../ops/alerts';
import { queries } from '../ops/dashboard';
import { startRelay } from '../support/relay';
import { address } from '../support/server';
import { startTenantWorker } from '../support/tenant-worker';
import { until } from '../support/until';

const program = findPrometheus();
const OPS = join(ROOT, 'ops/prometheus');

/** The configuration of `ops`, which asks this worker, and often. */
async function configFor(target: string): Promise<string> {
  const config = z
    .looseObject({ scrape_configs: z.tuple([z.looseObject({ job_name: z.string() })]) })
    .parse(load(await readFile(join(OPS, 'prometheus.yml'), 'utf8')));
  const [{ job_name }] = config.scrape_configs;
  return JSON.stringify({
    ...config,
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [join(OPS, 'alerts.yml')],
    scrape_configs: [{ job_name, static_configs: [{ targets: [target] }] }],
  });
}

/** What Grafana puts in. */
const filledIn = (expr: string, source: string): string =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll('$source', source);

const metricsIn = (expr: string): string[] => expr.match(/\b(?:chat_sync|temporal)_[a-z_]+/g) ?? [];
const labelsOf = (legend: string): string[] => [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);

(program === undefined ? describe.skip : describe)('on the real metrics of a source', () => {
  let prometheus: Prometheus;
  let source: string;
  /** The last one first. */
  const running: { stop(): Promise<void> }[] = [];

  beforeAll(async () => {
    const relay = await startRelay(address);
    running.unshift({ stop: () => relay.close() });
    const tenant = createTenant({ chats: 10 });
    const metrics = `127.0.0.1:${await freePort()}`;
    const worker = await startTenantWorker(tenant, {
      TEMPORAL_ADDRESS: relay.address,
      DESTINATIONS: 'stdout',
      METRICS_ADDRESS: metrics,
    });
    running.unshift(worker);
    source = worker.settings['SOURCE'] ?? '';

    // A sync that fails, one that does not, a workflow task that always fails, and an outage of Temporal.
    const [chatId = ''] = tenant.chats.keys();
    worker.simulator.setFaults({ targets: [{ chatId, kind: '500-no-retry', times: Infinity }] });
    expect(await worker.sync()).toMatchObject({ outcome: 'failed' });
    worker.simulator.setFaults();
    expect(await worker.sync()).toMatchObject({ outcome: 'completed' });
    const connection = await Connection.connect({ address });
    await new Client({ connection }).workflow.start('unknownWorkflow', {
      taskQueue: syncTaskQueue(source),
      workflowId: `unknown/${source}`,
    });
    await connection.close();
    await relay.goDownAfter(0);
    await until(async () => (await (await fetch(`http://${metrics}/metrics`)).text()).includes('long_request_failure'));
    await relay.comeBack();

    prometheus = await startPrometheus(
      program ?? '',
      await mkdtemp(join(tmpdir(), 'prometheus-')),
      await configFor(metrics),
    );
    running.unshift(prometheus);
    // A rate needs two samples, also of what comes last.
    for (const last of ['chat_sync_delivery_seconds_behind', 'temporal_workflow_task_execution_failed']) {
      await until(async () => (await prometheus.query(`count_over_time(${last}[1m]) > 1`)).length > 0);
    }
  });

  afterAll(async () => {
    for (const one of running) await one.stop();
  });

  test.each(queries)('the dashboard shows $title: $legendFormat', async ({ expr, legendFormat }) => {
    const results = await prometheus.query(filledIn(expr, source));
    expect(results).not.toEqual([]);
    for (const labels of results) expect(Object.keys(labels)).toEqual(expect.arrayContaining(labelsOf(legendFormat)));
  });

  test.each(alerts)('$alert asks for metrics that there are', async ({ expr }) => {
    expect(metricsIn(expr)).not.toEqual([]);
    for (const metric of metricsIn(expr)) expect([metric, await prometheus.query(metric)]).not.toEqual([metric, []]);
  });

  test('each rule is evaluated, and the workflow task that fails is an alert', async () => {
    const rules = await until(async () => {
      const found = await prometheus.rules();
      return found.some(({ name, state }) => name === 'ChatSyncWorkflowTasksFailing' && state === 'firing') && found;
    });
    expect(rules.map(({ health }) => health)).toEqual(alerts.map(() => 'ok'));
  });
});
