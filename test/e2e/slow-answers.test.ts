import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTenant, DEMO_KEY, startSimulator } from '../../simulator';
import { run, start } from '../support/cli';
import { startGateway, type Page } from '../support/gateway';
import { address } from '../support/server';

test('while the API has not answered, the worker sends as many requests as its rate asks for', async () => {
  const simulator = await startSimulator({ tenant: createTenant({ chats: 120 }), rateLimitPerMinute: Infinity });
  const expected = 100;
  let asked = 0;
  let answer: () => void;
  const enough = new Promise<void>((resolve) => (answer = resolve));
  const hold = async (page: Page): Promise<void> => {
    if (!page.chat_messages) return;
    asked += 1;
    if (asked === expected) answer();
    await enough;
  };
  const gateway = await startGateway(() => simulator.url, hold);
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
  try {
    await worker.says('serving source');

    const { stdout } = await run(['sync', '--json'], settings);

    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'completed', chats: 120, requests: 122 });
  } finally {
    worker.process.kill('SIGTERM');
    expect((await worker.ended).code).toBe(0);
    await gateway.close();
    await simulator.close();
  }
});
