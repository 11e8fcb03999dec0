import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../harness/free-port';
import { run, start, type Running } from '../../harness/programs';
import { createTenant, DEMO_KEY, startSimulator, truth, type Simulator, type Tenant } from '../../simulator';
import { startReceiver, type Receiver } from '../support/receiver';
import { address } from '../support/server';
import { until } from '../support/until';

let tenant: Tenant;
let simulator: Simulator;
let receiver: Receiver;
let settings: Record<string, string>;
let worker: Running | undefined;

beforeEach(async () => {
  tenant = createTenant({ chats: 20 });
  [simulator, receiver] = await Promise.all([startSimulator({ tenant }), startReceiver()]);
  settings = {
    ANTHROPIC_COMPLIANCE_ACCESS_KEY: DEMO_KEY,
    ANTHROPIC_BASE_URL: simulator.url,
    SOURCE: `d-${randomUUID().slice(0, 8)}`,
    DATA_DIR: await mkdtemp(join(tmpdir(), 'chat-sync-destinations-')),
    BACKFILL_START: '2026-08-01',
    REQUESTS_PER_SECOND: '200',
    SETTLE_SECONDS: '0',
    TEMPORAL_ADDRESS: address,
    DESTINATIONS: 'http:lake,stdout',
    HTTP_LAKE_URL: receiver.url,
    METRICS_ADDRESS: `localhost:${await freePort()}`,
  };
});
afterEach(async () => {
  worker?.process.kill('SIGTERM');
  await worker?.ended;
  worker = undefined;
  await Promise.all([simulator.close(), receiver.kill()]);
});

const idsIn = (lines: string): string[] =>
  lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { id: string }).id);

test('a worker delivers what it archives, and commands say how far it is, wait for it and set it back', async () => {
  worker = start('worker.js', [], settings);
  await worker.says('serving source');
  await receiver.kill();

  // The sync does not notice that one destination is down.
  const synced = await run(['sync', '--json'], settings);
  expect(synced.code).toBe(0);
  const requests = simulator.requests.length;
  const status = await until(async () => {
    const { stdout } = await run(['status', '--json'], settings);
    const { destinations } = JSON.parse(stdout) as { destinations: Record<string, unknown>[] };
    return destinations[0]?.['waitingFor'] && destinations[1]?.['deliveredThrough'] ? { stdout, destinations } : null;
  });
  const { to, messages } = JSON.parse(synced.stdout) as { to: string; messages: number };
  expect(status.destinations).toMatchObject([
    { name: 'http:lake', deliveredThrough: null, behindSeconds: null, recordsBehind: messages, refused: 0 },
    { name: 'stdout', deliveredThrough: to, waitingFor: null, records: messages },
  ]);
  expect(status.destinations[0]?.['waitingFor']).toMatch(
    /^DestinationUnavailable: HTTP_LAKE_URL \(127\.0\.0\.1:\d+\) does not answer \(ECONNREFUSED\)$/,
  );
  expect((await run(['status', '--max-behind', '1h'], settings)).code).toBe(1);

  await receiver.start();
  const delivered = await run(['sync', '--delivered'], settings);
  expect(delivered.code).toBe(0);
  expect(delivered.stdout).toMatch(/^http:lake: \d+ records so far, delivered through /m);
  expect(delivered.stdout).toMatch(/^stdout: /m);
  const expected = truth(tenant)
    .map(({ id }) => id)
    .sort();
  expect(receiver.taken.flatMap(({ body }) => idsIn(body)).sort()).toEqual(expected);
  expect((await run(['status', '--max-behind', '1h'], settings)).code).toBe(0);
  expect(simulator.requests.length).toBeLessThan(requests + 10);

  // Read from Temporal every few seconds.
  const text = await until(async () => {
    const shown = await (await fetch(`http://${settings['METRICS_ADDRESS']}/metrics`)).text();
    return /chat_sync_refused_records\{.*destination="http:lake"/.test(shown) ? shown : null;
  });
  expect(text).toMatch(/chat_sync_delivered_records_total\{.*destination="stdout".*\} \d+/);
  expect(text).toMatch(/chat_sync_refused_records\{.*destination="http:lake".*\} 0/);

  expect((await run(['pause', '--destination', 'http:lake', '--reason', 'tidying up'], settings)).code).toBe(0);
  expect((await run(['status'], settings)).stdout).toContain('paused since');
  expect((await run(['rewind', '--destination', 'http:lake', '--to', '2026-08-01'], settings)).code).toBe(0);
  expect((await run(['resume', '--destination', 'http:lake'], settings)).code).toBe(0);
  await until(() => receiver.taken.flatMap(({ body }) => idsIn(body)).length >= 2 * expected.length);
  expect(await run(['rewind', '--destination', 'none', '--to', '2026-08-01'], settings)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('never had a destination none'),
  });

  worker.process.kill('SIGTERM');
  const { stdout, stderr, code } = await worker.ended;
  expect(code).toBe(0);
  expect(idsIn(stdout).sort()).toEqual(expected);
  expect(stderr).not.toContain('claude_chat_msg');
});

test('`up --once` waits for the destinations, and says what each has', async () => {
  const { code, stdout, stderr } = await run(['up', '--once'], settings);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stderr).toMatch(/^To: +http:lake, stdout$/m);
  expect(stdout).toMatch(/^http:lake: \d+ records so far, delivered through /m);
  expect(receiver.taken.flatMap(({ body }) => idsIn(body)).sort()).toEqual(
    truth(tenant)
      .map(({ id }) => id)
      .sort(),
  );
});

test.each([
  [['rewind', '--refused']],
  [['rewind', '--destination', 'http', '--refused', '--to', '2026-01-01']],
  [['rewind', '--destination', 'http']],
  [['rewind', '--destination', 'http', '--to', '2026-01-01', '--skip']],
])('it exits 2 for the usage %p', async (args) => {
  expect(await run(args, settings)).toMatchObject({ code: 2, stdout: '' });
});
