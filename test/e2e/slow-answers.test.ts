import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start, type Running } from '../../harness/programs';
import { createTenant, DEMO_KEY, startSimulator, type Simulator } from '../../simulator';
import { startGateway, type Gateway, type Page } from '../support/gateway';
import { address } from '../support/server';

const EXPECTED = 100;

let simulator: Simulator;
let gateway: Gateway;
let answer: () => void;
let running: Running[];

beforeEach(async () => {
  running = [];
  simulator = await startSimulator({ tenant: createTenant({ chats: 120 }), rateLimitPerMinute: Infinity });
  const enough = new Promise<void>((resolve) => (answer = resolve));
  let asked = 0;
  const hold = async (page: Page): Promise<void> => {
    if (!page.chat_messages) return;
    asked += 1;
    if (asked === EXPECTED) answer();
    await enough;
  };
  gateway = await startGateway(() => simulator.url, hold);
});

afterEach(async () => {
  answer();
  for (const { process } of running) process.kill('SIGTERM');
  await Promise.all(running.map(({ ended }) => ended));
  await gateway.close();
  await simulator.close();
});

test('while the API has not answered, the worker sends as many requests as its rate asks for', async () => {
  const settings = {
    ANTHROPIC_COMPLIANCE_ACCESS_KEY: DEMO_KEY,
    ANTHROPIC_BASE_URL: gateway.url,
    SOURCE: `s-${randomUUID().slice(0, 8)}`,
    DATA_DIR: await mkdtemp(join(tmpdir(), 'chat-sync-slow-')),
    BACKFILL_START: '2026-08-01',
    REQUESTS_PER_SECOND: '50',
    TEMPORAL_ADDRESS: address,
  };
  const worker = start('worker.js', [], settings);
  running.push(worker);
  await worker.says('serving source');

  const sync = start('client.js', ['sync', '--json'], settings);
  running.push(sync);

  const { stdout } = await sync.ended;
  expect(JSON.parse(stdout)).toMatchObject({ outcome: 'completed', chats: 120, requests: 122 });
  worker.process.kill('SIGTERM');
  expect((await worker.ended).code).toBe(0);
});
