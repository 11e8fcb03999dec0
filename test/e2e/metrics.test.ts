import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../harness/free-port';
import { run, start, type Running } from '../../harness/programs';
import { createTenant, DEMO_KEY, startSimulator, truth, type Simulator, type Tenant } from '../../simulator';
import { address } from '../support/server';
import { until } from '../support/until';

let simulator: Simulator;
let tenant: Tenant;
let settings: Record<string, string>;
let worker: Running | undefined;

beforeEach(async () => {
  tenant = createTenant({ chats: 20 });
  simulator = await startSimulator({ tenant });
  settings = {
    ANTHROPIC_COMPLIANCE_ACCESS_KEY: DEMO_KEY,
    ANTHROPIC_BASE_URL: simulator.url,
    SOURCE: `m-${randomUUID().slice(0, 8)}`,
    DATA_DIR: await mkdtemp(join(tmpdir(), 'chat-sync-metrics-')),
    BACKFILL_START: '2026-08-01',
    REQUESTS_PER_SECOND: '200',
    // Several parts in a window.
    PAGE_SIZE: '6',
    ON_CHAT_FAILURE: 'park',
    TEMPORAL_ADDRESS: address,
    DESTINATIONS: 'stdout',
    METRICS_ADDRESS: `localhost:${await freePort()}`,
  };
});

afterEach(async () => {
  worker?.process.kill('SIGTERM');
  await worker?.ended;
  await simulator.close();
});

async function startWorker(): Promise<void> {
  worker = start('worker.js', [], settings);
  await worker.says('serving source');
}

/** What Prometheus would scrape: our samples, and the whole text. */
async function scrape(): Promise<{ samples: Map<string, number>; text: string }> {
  const text = await (await fetch(`http://${settings['METRICS_ADDRESS']}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith('chat_sync_'));
  const samples = lines.map((line): [string, number] => {
    const [, sample = '', value = ''] = /^(\S+) (\S+)$/.exec(line) ?? [];
    return [sample.replace(`source="${settings['SOURCE']}"`, 'source'), Number(value)];
  });
  return { samples: new Map(samples), text };
}

/** Scrapes until the worker has looked at the source again. */
const scrapeUntil = (shown: (samples: Map<string, number>) => boolean): Promise<Map<string, number>> =>
  until(async () => {
    const { samples } = await scrape();
    return shown(samples) && samples;
  });

const report = async (): Promise<Record<string, unknown>> =>
  JSON.parse((await run(['sync', '--json'], settings)).stdout) as Record<string, unknown>;

test('it shows what was read and asked for, how far behind the source is, and what is parked', async () => {
  const [broken = '', early = ''] = [...tenant.chats.keys()];
  tenant.setUpdatedAt(early, Date.parse('2026-08-02'));
  simulator.setFaults({ targets: [{ chatId: broken, kind: '500-no-retry', times: Infinity }] });
  await startWorker();
  const before = (await scrape()).samples;
  expect(before.get('chat_sync_messages_total{source}')).toBe(0);
  expect(before.has('chat_sync_seconds_behind{source}')).toBe(false);

  const first = await report();

  const samples = await scrapeUntil((seen) =>
    ['chat_sync_last_success_timestamp_seconds{source}', 'chat_sync_rate_budget_remaining{source}'].every((name) =>
      seen.has(name),
    ),
  );
  const read = truth(tenant).filter(({ chatId }) => chatId !== broken);
  expect(samples.get('chat_sync_messages_total{source}')).toBe(read.length);
  expect(samples.get('chat_sync_chats_total{source}')).toBe(first['chats']);
  expect(samples.get('chat_sync_parked{source}')).toBe(1);
  expect(samples.get('chat_sync_assumption_violations_total{source}')).toBe(tenant.chats.get(early)?.messages.length);
  const behind = (Date.now() - Date.parse(String(first['to']))) / 1000;
  expect(Math.abs((samples.get('chat_sync_seconds_behind{source}') ?? 0) - behind)).toBeLessThan(10);
  const age = Date.now() / 1000 - (samples.get('chat_sync_last_success_timestamp_seconds{source}') ?? 0);
  expect(age).toBeGreaterThanOrEqual(0);
  expect(age).toBeLessThan(60);
  expect(samples.get('chat_sync_rate_budget_remaining{source}')).toBeGreaterThan(0);
  const requests = [...samples].filter(([sample]) => sample.startsWith('chat_sync_requests_total'));
  const asked = requests.reduce((sum, [, value]) => sum + value, 0);
  expect(asked).toBe(simulator.requests.length);
  expect(asked).toBe(first['requests']);
  const failed = 'chat_sync_requests_total{endpoint="messages",outcome="never",source}';
  expect(samples.get(failed)).toBe(simulator.requests.filter(({ fault }) => fault !== null).length);

  simulator.setFaults();
  await report();
  const healed = await scrapeUntil((seen) => seen.get('chat_sync_parked{source}') === 0);
  expect(healed.get('chat_sync_messages_total{source}')).toBe(truth(tenant).length);

  const { id: migrated } = tenant.addChat({ at: '2026-08-10T12:00:00Z' });
  tenant.addMessage(migrated, { at: '2026-08-10T12:00:01Z' });
  const missing = 'chat_sync_verification_findings_total{finding="missing",source}';
  expect(healed.get(missing)).toBe(0);
  expect((await run(['verify', '--chats'], settings)).code).toBe(1);
  await scrapeUntil((seen) => seen.get(missing) === 1);
});

test("docs/reference.md names every metric; Temporal's own are beside them, and nothing private", async () => {
  await startWorker();
  await report();
  await scrapeUntil((seen) => seen.has('chat_sync_last_success_timestamp_seconds{source}'));
  await scrapeUntil((seen) =>
    [...seen.keys()].some((sample) => sample.startsWith('chat_sync_delivery_seconds_behind')),
  );
  const { text } = await scrape();
  expect(text).toMatch(/^temporal_activity_succeed_endtoend_latency_count\{.*source="m-/m);
  expect(text).not.toContain(DEMO_KEY);
  for (const chat of tenant.chats.values()) expect(text).not.toContain(chat.id);
  const served = [...text.matchAll(/^# TYPE (chat_sync_\w+)/gm)].map(([, name]) => name);

  const readme = await readFile(join(__dirname, '../../docs/reference.md'), 'utf8');
  const named = [...readme.matchAll(/^\| `(chat_sync_\w+)/gm)].map(([, name]) => name);

  expect(named.toSorted()).toEqual([...new Set(served)].toSorted());
});

test('a worker that comes back shows the source at once, and a source that nothing syncs falls behind', async () => {
  await startWorker();
  const first = await report();
  worker?.process.kill('SIGKILL');
  await worker?.ended;
  await startWorker();

  const behind = 'chat_sync_seconds_behind{source}';
  const samples = await scrapeUntil((seen) => seen.has(behind));
  const later = await scrapeUntil((seen) => (seen.get(behind) ?? 0) > (samples.get(behind) ?? 0));
  expect(Date.now() / 1000 - (later.get(behind) ?? 0)).toBeGreaterThanOrEqual(Date.parse(String(first['to'])) / 1000);
  expect(later.get('chat_sync_messages_total{source}')).toBe(0);
});

test('it says that the address is taken, and exits 1', async () => {
  const other = createServer();
  const port = Number(settings['METRICS_ADDRESS']?.split(':')[1]);
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));

  const { code, stderr } = await start('worker.js', [], settings).ended;

  expect(code).toBe(1);
  expect(stderr).toContain(`METRICS_ADDRESS=localhost:${port}: nothing can listen there: `);
  expect(stderr).not.toContain('    at ');
  await new Promise((resolve) => other.close(resolve));
});
