import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { transformFileSync } from '@swc/core';
import { DEMO_KEY } from '../../simulator';

// For machines that are busy with other things.
jest.setTimeout(30_000);

const SOURCE = resolve(__dirname, '../../simulator');
let folder: string;
const children: ChildProcess[] = [];

// As the build leaves it, but without needing one.
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'simulator-'));
  for (const file of readdirSync(SOURCE).filter((name) => name.endsWith('.ts'))) {
    const { code } = transformFileSync(join(SOURCE, file), {
      swcrc: false,
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'commonjs' },
    });
    writeFileSync(join(folder, file.replace(/\.ts$/, '.js')), code);
  }
});

afterAll(() => {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

interface Run {
  readonly child: ChildProcess;
  /** Everything it wrote, once it has ended. */
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

function run(...args: string[]): Run {
  const NODE_PATH = resolve(__dirname, '../../node_modules');
  const child = fork(join(folder, 'main.js'), args, { silent: true, env: { ...process.env, NODE_PATH } });
  children.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { child, ended };
}

async function ready({ child }: Run): Promise<{ url: string; key: string }> {
  const [message] = (await once(child, 'message')) as [{ url: string; key: string }];
  return message;
}

it('says in one line where it listens and with which key, and serves there', async () => {
  const simulator = run('--port', '0', '--anchor', '2026-10-01T00:00:00Z', '--generation', 'mid');
  const { url, key } = await ready(simulator);
  expect(key).toBe(DEMO_KEY);
  const response = await fetch(`${url}/v1/compliance/apps/chats?limit=1000`, { headers: { 'x-api-key': key } });
  expect(((await response.json()) as { data: object[] }).data.length).toBeGreaterThan(100);
  simulator.child.kill('SIGTERM');
  expect(await simulator.ended).toEqual({
    code: 0,
    stdout: `Compliance API simulator at ${url}  key ${key}\n`,
    stderr: '',
  });
});

it('ends cleanly on SIGINT, too', async () => {
  const simulator = run('--port', '0', '--key', 'sk-ant-api01-test-other');
  expect((await ready(simulator)).key).toBe('sk-ant-api01-test-other');
  simulator.child.kill('SIGINT');
  expect((await simulator.ended).code).toBe(0);
});

it('ends with the process that started it', async () => {
  const simulator = run('--port', '0');
  await ready(simulator);
  // A child whose channel was disconnected never emits `close`.
  const exited = once(simulator.child, 'exit');
  simulator.child.disconnect();
  expect(await exited).toEqual([0, null]);
});

it('hands its options to the server', async () => {
  const simulator = run(
    '--port=0',
    '--absent',
    '--timestamps=seconds',
    '--rate-limit=9',
    '--chats=3',
    '--messages-per-chat=2',
  );
  const { url, key } = await ready(simulator);
  const response = await fetch(`${url}/v1/compliance/apps/chats`, { headers: { 'x-api-key': key } });
  expect(response.headers.get('anthropic-ratelimit-requests-limit')).toBe('9');
  const { data } = (await response.json()) as { data: { updated_at: string }[] };
  expect(data).toHaveLength(3);
  expect(data[0]).not.toHaveProperty('organization_id');
  expect(data[0]?.updated_at).toMatch(/:\d\dZ$/);
  simulator.child.kill('SIGTERM');
  await simulator.ended;
});

it.each([
  ['--port=eighty'],
  ['--port=70000'],
  ['--generation=older'],
  ['--anchor=yesterday'],
  ['--fault-rate=2'],
  ['--timestamps=hours'],
  ['--unknown'],
  ['surplus'],
])('exits 2 on %s, with one line that says why', async (argument) => {
  const { code, stdout, stderr } = await run(argument).ended;
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^error: .+\n$/);
});

it('explains itself, with an example', async () => {
  const { code, stdout } = await run('--help').ended;
  expect(code).toBe(0);
  expect(stdout).toContain('--live-every');
  expect(stdout).toContain('$ node lib/simulator/main.js');
});

it('exits 1 when the port is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { code, stdout, stderr } = await run('--port', String(port)).ended;
  other.close();
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^simulator: .*EADDRINUSE.*\n$/);
});
