import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { createTenant, DEMO_KEY, startSimulator, type Simulator, type Tenant } from '../../simulator';
import { run, start, type Running } from '../../harness/programs';
import { address } from '../support/server';
import { nextSecond } from '../support/until';

const CODEC = { TEMPORAL_PAYLOAD_CODEC: './codec.js' };
const NONE = { TEMPORAL_PAYLOAD_CODEC: '' };

let client: Client;
let folder: string;
let tenant: Tenant;
let simulator: Simulator;
let settings: Record<string, string>;
let worker: Running | undefined;

beforeAll(async () => {
  client = new Client({ connection: await Connection.connect({ address }) });
});
afterAll(() => client.connection.close());

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'payload-codec-'));
  copyFileSync(join(__dirname, '../support/aes-codec.js'), join(folder, 'codec.js'));
  tenant = createTenant({ chats: 12 });
  simulator = await startSimulator({ tenant, rateLimitPerMinute: Infinity });
  settings = {
    ANTHROPIC_COMPLIANCE_ACCESS_KEY: DEMO_KEY,
    ANTHROPIC_BASE_URL: simulator.url,
    SOURCE: `c-${randomUUID().slice(0, 8)}`,
    DATA_DIR: folder,
    BACKFILL_START: '2026-08-01',
    REQUESTS_PER_SECOND: '200',
    SETTLE_SECONDS: '0',
    TEMPORAL_ADDRESS: address,
    USER_IDS: [...tenant.users.keys()].join(','),
  };
});
afterEach(async () => {
  worker?.process.kill('SIGTERM');
  await worker?.ended;
  worker = undefined;
  await simulator.close();
});

async function startWorker(): Promise<void> {
  worker = start('worker.js', [], settings);
  await worker.says('serving source');
}

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await run([...args, '--json'], settings);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Of the source and its requests, what Temporal holds: histories, in the form of `--file`. */
async function histories(): Promise<string[]> {
  const { executions } = await client.workflowService.listWorkflowExecutions({
    namespace: 'default',
    query: `TaskQueue = 'chat-sync-${settings['SOURCE']}'`,
  });
  const ids = executions.flatMap(({ execution }) => execution ?? []);
  const fetched = ids.map(({ workflowId, runId }) =>
    client.workflow.getHandle(workflowId ?? '', runId ?? '').fetchHistory(),
  );
  return (await Promise.all(fetched)).map((history) => historyToJSON(history));
}

/** The same, their payloads in clear where they are only base64, and what Temporal shows of a source without its history. */
async function everythingInClear(): Promise<string> {
  const described = await client.workflowService.describeWorkflowExecution({
    namespace: 'default',
    execution: { workflowId: `chat-sync/${settings['SOURCE']}` },
  });
  const texts = [...(await histories()), JSON.stringify(described)];
  return texts.map((text) => text.replaceAll(/"data": ?"([^"]*)"/g, (_, data: string) => atob(data))).join('\n');
}

test.each([
  ['names everybody in Temporal without a codec', NONE],
  ['names nobody in Temporal with one', CODEC],
])('a source that syncs, fails, tells its status and rewinds %s', async (_title, codec) => {
  Object.assign(settings, codec);
  await startWorker();
  expect(await json('sync')).toMatchObject({ outcome: 'completed', chats: 12 });

  const [chat] = [...tenant.chats.values()];
  tenant.addMessage(chat!.id);
  // The window holds it.
  await nextSecond();
  simulator.setFaults({ targets: [{ chatId: chat!.id, kind: '500-no-retry', times: Infinity }] });
  expect(await json('sync')).toMatchObject({ outcome: 'failed', reason: expect.stringContaining(chat!.id) });
  simulator.setFaults({ targets: [{ path: /chats/, kind: '503', times: Infinity }] });
  const mended = json('sync');
  let waiting = '';
  while (waiting === '') waiting = JSON.stringify((await json('status'))['running'] ?? {}).match(/503/)?.[0] ?? '';
  simulator.setFaults({});
  expect(await mended).toMatchObject({ outcome: 'completed', messages: 1 });
  expect((await run(['rewind', '--to', '2026-08-01'], settings)).code).toBe(0);
  expect((await run(['rewind', '--to', '2026-08-02'], settings)).stderr).toMatch(/--skip|`skip`/);
  expect(await json('sync')).toMatchObject({ outcome: 'completed', chats: 12 });
  expect(await json('schedule', '--every', '1d')).toMatchObject({ everySeconds: 86_400 });

  const text = await everythingInClear();
  const ids = [...tenant.chats.keys(), ...tenant.users.keys()];
  expect(ids.filter((id) => text.includes(id))).toEqual(codec === CODEC ? [] : ids);

  const replayed = await run(['replay'], settings);
  expect(replayed.stdout).toMatch(/^(deterministic {2}chat-sync\/.*\n){5,}$/);
  expect((await run(['schedule', '--delete'], settings)).code).toBe(0);
});

test('what another codec wrote, or one where none is set, is said as such, by all who meet it', async () => {
  Object.assign(settings, CODEC);
  await startWorker();
  await json('sync');
  worker?.process.kill('SIGTERM');
  await worker?.ended;
  const history = (await histories()).find((json) => json.includes('EVENT_TYPE_WORKFLOW_TASK_COMPLETED'));
  writeFileSync(join(folder, 'history.json'), history!);
  const replay = ['replay', '--file', 'history.json'];
  expect(await run(replay, settings)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^deterministic /) });

  for (const [other, because] of [
    [NONE, 'it is binary/encrypted'],
    [{ CODEC_KEY: 'another key' }, 'Unsupported state or unable to authenticate data'],
  ] as const) {
    const wrong = { ...settings, ...other };
    const ended = [
      run(['status'], wrong),
      run(replay, wrong),
      run(['replay'], wrong),
      start('worker.js', [], wrong).ended,
    ];
    for (const { code, stdout, stderr } of await Promise.all(ended)) {
      expect({ code, stdout, stderr }).toEqual({
        code: 2,
        stdout: '',
        stderr: `error: what Temporal holds cannot be decoded (${because}): TEMPORAL_PAYLOAD_CODEC is to name the codec that wrote it\n`,
      });
    }
  }
});

test.each([
  ['is not there', undefined, /a module that can be loaded: Cannot find module/],
  ['fails', 'throw new Error("no CODEC_KEY\\nis set")', /can be loaded: no CODEC_KEY$/],
  ['is no JavaScript', 'key = {', /can be loaded: Unexpected end of input$/],
  ['exports nothing', '', /whose default export is a payload codec, with encode and decode/],
  ['exports half a codec', 'module.exports = { decode: async (payloads) => payloads }', /whose default export is/],
  ['exports no codec at all', 'module.exports = []', /whose default export is/],
])('a codec that %s is a wrong setting', async (_title, code, message) => {
  if (code !== undefined) writeFileSync(join(folder, 'wrong.js'), code);
  Object.assign(settings, { TEMPORAL_PAYLOAD_CODEC: './wrong.js' });
  const started = [run(['status'], settings), run(['replay', '--file', 'history.json'], settings)];
  for (const ended of await Promise.all([...started, start('worker.js', [], settings).ended])) {
    const [line = '', ...more] = ended.stderr.split('\n');
    expect({ ...ended, stderr: more }).toEqual({ code: 2, stdout: '', stderr: [''] });
    expect(line).toMatch(/^error: TEMPORAL_PAYLOAD_CODEC=\.\/wrong\.js: expected /);
    expect(line).toMatch(message);
  }
});

test.each([
  ['codec.mjs', 'export default { encode: async (all) => all, decode: async (all) => all };'],
  [
    'several.mjs',
    'const codec = { encode: async (all) => all, decode: async (all) => all }; export default [codec, codec];',
  ],
  ['compiled.js', 'exports.__esModule = true; exports.default = require("./codec.js");'],
])('a codec may be written in any of the forms of JavaScript: %s', async (name, code) => {
  writeFileSync(join(folder, name), code);
  const { stdout, stderr } = await run(['status'], { ...settings, TEMPORAL_PAYLOAD_CODEC: name });
  expect({ stdout, stderr }).toEqual({
    stdout: expect.stringContaining('nothing synced yet'),
    stderr: expect.stringMatching(/^no worker serves /),
  });
});
