import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, start, type Running } from '../../harness/programs';
import { createTenant, DEMO_KEY, startSimulator, type Simulator, type SimulatorOptions } from '../../simulator';
import { startReceiver, type Receiver } from '../support/receiver';
import { address } from '../support/server';

interface Check {
  check: string;
  grade: 'ok' | 'warn' | 'fail';
  says: string;
  remedy: string;
}

let simulator: Simulator;
let receiver: Receiver;
let settings: Record<string, string>;
let worker: Running | undefined;

async function begin(options: SimulatorOptions = {}): Promise<void> {
  simulator = await startSimulator({ tenant: createTenant({ chats: 3 }), ...options });
  settings = { ...settings, ANTHROPIC_BASE_URL: simulator.url };
}
beforeEach(async () => {
  receiver = await startReceiver();
  settings = {
    ANTHROPIC_COMPLIANCE_ACCESS_KEY: DEMO_KEY,
    SOURCE: `doc-${randomUUID().slice(0, 8)}`,
    DATA_DIR: await mkdtemp(join(tmpdir(), 'chat-sync-doctor-')),
    TEMPORAL_ADDRESS: address,
    DESTINATIONS: 'http',
    HTTP_URL: receiver.url,
  };
});
afterEach(async () => {
  worker?.process.kill('SIGTERM');
  await worker?.ended;
  worker = undefined;
  await Promise.all([simulator.close(), receiver.kill()]);
});

async function doctor(): Promise<{ code: number | null; checks: Check[]; graded: Record<string, Check['grade']> }> {
  const { code, stdout } = await run(['doctor', '--json'], settings);
  const { checks, well } = JSON.parse(stdout) as { checks: Check[]; well: boolean };
  expect(code).toBe(well ? 0 : 1);
  return { code, checks, graded: Object.fromEntries(checks.map(({ check, grade }) => [check, grade])) };
}
const saysOf = (checks: Check[], check: string): string => {
  const one = checks.find((candidate) => candidate.check === check);
  return `${one?.says ?? ''} | ${one?.remedy ?? ''}`;
};

test('all is well, with at most five requests and nothing left behind', async () => {
  await begin();
  worker = start('worker.js', [], settings);
  await worker.says('serving source');
  const { code, graded, checks } = await doctor();
  expect({ code, checks }).toMatchObject({ code: 0 });
  expect(graded).toMatchObject({
    ...{ version: 'ok', settings: 'ok', key: 'ok', scopes: 'ok', listing: 'ok', clock: 'ok', budget: 'ok' },
    ...{ archive: 'ok', ledger: 'ok', space: 'ok', 'destination http': 'ok', temporal: 'ok', workers: 'ok' },
  });
  expect(simulator.requests.length).toBeLessThanOrEqual(5);
  expect(receiver.received).toEqual([]);
  const text = await run(['doctor'], settings);
  expect(text.stdout).toMatch(/^ok {4}key: is taken, and may read chats$/m);
});

test('what is wrong is named, each with what to do', async () => {
  await begin({ clock: () => Date.now() - 3_600_000 });
  await receiver.kill();
  simulator.setKey({ key: DEMO_KEY, scopes: ['read:compliance_user_data'] });
  const { graded, checks } = await doctor();
  expect(graded).toMatchObject({ scopes: 'warn', clock: 'warn', 'destination http': 'fail', workers: 'warn' });
  expect(saysOf(checks, 'clock')).toMatch(/360[01] s ahead of the server's/);
  expect(saysOf(checks, 'destination http')).toContain('HTTP_URL');
  expect(saysOf(checks, 'workers')).toContain('none serves source');

  simulator.revokeKey(DEMO_KEY);
  const revoked = await doctor();
  expect(revoked.graded['key']).toBe('fail');
  expect(saysOf(revoked.checks, 'key')).toContain('ANTHROPIC_COMPLIANCE_ACCESS_KEY');
  expect(JSON.stringify(revoked.checks)).not.toContain(DEMO_KEY);
});

test('a server of the older kind, an archive without a place, and no Temporal', async () => {
  await begin({ generation: 'legacy' });
  const file = join(settings['DATA_DIR'] ?? '', 'a-file');
  await writeFile(file, '');
  await chmod(file, 0o400);
  settings = { ...settings, FILE_DIR: join(file, 'below'), TEMPORAL_ADDRESS: 'localhost:1', LISTING: 'organization' };
  const { graded } = await doctor();
  expect(graded).toMatchObject({ listing: 'fail', archive: 'fail', temporal: 'fail' });
});

test('every wrong setting at once', async () => {
  await begin();
  settings = { ...settings, PAGE_SIZE: '0', HTTP_FORMAT: 'xml' };
  const { checks } = await doctor();
  const failed = checks.filter(({ grade }) => grade === 'fail').map(({ says }) => says);
  expect(failed.join('\n')).toMatch(/HTTP_FORMAT=xml[\s\S]*PAGE_SIZE=0|PAGE_SIZE=0[\s\S]*HTTP_FORMAT=xml/);
});
