import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, start, type Running } from '../../harness/programs';
import { compare, emittedTo } from '../../bench/exactness';
import { startHostileApi, type HostileApi } from '../../bench/hostile-api';
import { hostileChats, idsOf } from '../../bench/hostile-chats';
import { usageOf } from '../../bench/usage';
import { address } from '../support/server';

const time = '2026-10-10T10:10:10Z';
const chats = hostileChats(1, time, ['emoji', 'tiny', 'values']);

let api: HostileApi;
let settings: Record<string, string>;
let worker: Running;

beforeEach(async () => {
  api = await startHostileApi(chats);
  settings = {
    ANTHROPIC_COMPLIANCE_ACCESS_KEY: 'sk-ant-api01-hostile',
    ANTHROPIC_BASE_URL: api.url,
    SOURCE: `m-${randomUUID().slice(0, 8)}`,
    DATA_DIR: await mkdtemp(join(tmpdir(), 'chat-sync-memory-')),
    BACKFILL_START: '2026-10-01',
    REQUESTS_PER_SECOND: '10',
    TEMPORAL_ADDRESS: address,
    MALLOC_ARENA_MAX: '2',
  };
  worker = start('worker.js', [], settings);
  await worker.says('serving source');
});

afterEach(async () => {
  worker.process.kill('SIGTERM');
  await worker.ended;
  api.close();
  await rm(settings['DATA_DIR'] ?? '', { recursive: true, force: true });
});

test('a worker stays below 300 MB, and loses nothing, while chats as large as an answer may be come at once', async () => {
  expect(await run(['sync'], settings)).toMatchObject({ code: 0 });

  const peak = usageOf(worker.process.pid ?? 0)?.peakMemoryBytes ?? 0;
  expect(Math.round(peak / 1e6)).toBeLessThan(300);
  const { ids } = await emittedTo(join(settings['DATA_DIR'] ?? '', 'messages', settings['SOURCE'] ?? ''));
  expect(compare(ids, chats.flatMap(idsOf))).toEqual({ lost: 0, doubled: 0, foreign: 0 });
}, 180_000);
