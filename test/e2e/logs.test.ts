import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, start } from '../../harness/programs';
import { createTenant, DEMO_KEY, startSimulator } from '../../simulator';
import { address } from '../support/server';

test('an outage is one line of JSON, with what it takes to look into it, and nothing of the SDK', async () => {
  const tenant = createTenant({ chats: 8 });
  const simulator = await startSimulator({ tenant });
  simulator.setFaults({ targets: [...tenant.chats.keys()].map((chatId) => ({ chatId, kind: '503', times: 1 })) });
  const source = `l-${randomUUID().slice(0, 8)}`;
  const settings = {
    ...{ ANTHROPIC_COMPLIANCE_ACCESS_KEY: DEMO_KEY, ANTHROPIC_BASE_URL: simulator.url, BACKFILL_START: '2026-08-01' },
    ...{ SOURCE: source, DATA_DIR: await mkdtemp(join(tmpdir(), 'chat-sync-logs-')), TEMPORAL_ADDRESS: address },
    ...{ REQUESTS_PER_SECOND: '200', LOG_FORMAT: 'json' },
  };
  const worker = start('worker.js', [], settings);
  try {
    await worker.says('serving source');
    expect((await run(['sync'], settings)).code).toBe(0);
  } finally {
    worker.process.kill('SIGTERM');
    await simulator.close();
  }
  const { stderr } = await worker.ended;
  const lines = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const failed = lines.filter(({ level }) => level === 'WARN');
  expect(failed).toEqual([
    {
      time: expect.stringMatching(/^20.*Z$/) as unknown,
      level: 'WARN',
      message: expect.stringMatching(/503.*it is tried again$/) as unknown,
      ...{ source, workflowId: `chat-sync/${source}`, activityType: 'emitMessages', attempt: 1 },
      runId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      failure: 'ApiUnavailable',
      requestId: expect.stringMatching(/^req_/) as unknown,
    },
  ]);
  expect(simulator.requests.map(({ requestId }) => requestId)).toContain(failed[0]?.['requestId']);
  expect(stderr).not.toContain('taskToken');
});
