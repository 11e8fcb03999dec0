import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, start } from '../../harness/programs';
import { address } from '../support/server';

const folder = (): string => mkdtempSync(join(tmpdir(), 'mistakes-'));
const KEY = { ANTHROPIC_COMPLIANCE_ACCESS_KEY: 'k' };
const oneLine = (stderr: string): string => {
  const lines = stderr.trim().split('\n');
  return lines.filter((line) => !/^(Source|Temporal): /.test(line)).join('\n');
};

const TEMPORAL: [string, Record<string, string>, RegExp][] = [
  [
    'a namespace that is not there',
    { TEMPORAL_NAMESPACE: 'prod' },
    /^error: Temporal at .* has no namespace prod: .*$/,
  ],
  ['TLS where there is none', { TEMPORAL_TLS: 'true' }, /^error: Temporal answers at .*, but without TLS: .*$/],
];
const COMMANDS = [
  ['status'],
  ['sync'],
  ['pause'],
  ['resume'],
  ['schedule'],
  ['rewind', '--to', '2026-01-01'],
  ['replay'],
  ['up', '--once'],
];

test.each(TEMPORAL)('every command says the same of %s, in one line', async (_title, wrong, message) => {
  const settings = { ...KEY, TEMPORAL_ADDRESS: address, DATA_DIR: folder(), ...wrong };
  const ended = await Promise.all(COMMANDS.map(async (args) => ({ args, ...(await run(args, settings)) })));
  for (const { args, code, stdout, stderr } of ended) {
    expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: '' });
    expect(oneLine(stderr)).toMatch(message);
  }
});

test.each(TEMPORAL)('a worker says the same of %s, and goes on trying', async (_title, wrong, message) => {
  const worker = start('worker.js', [], { ...KEY, TEMPORAL_ADDRESS: address, DATA_DIR: folder(), ...wrong });
  await worker.says('trying again');
  worker.process.kill('SIGTERM');
  const { code, stderr } = await worker.ended;
  expect(code).toBe(0);
  expect(stderr.trim().replace(/^\S+ WARN {2}/, 'error: ')).toMatch(message);
});

test.each([[['status']], [['up', '--once']]])(
  'an .env that is a folder is one line and exit code 2: %p',
  async (args) => {
    const DATA_DIR = folder();
    mkdirSync(join(DATA_DIR, '.env'));
    for (const ended of [run(args, { DATA_DIR }), start('worker.js', [], { DATA_DIR }).ended]) {
      const { code, stderr } = await ended;
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringMatching(/^error: \.env in .* it is a folder\n$/),
      });
    }
  },
);

test('a local Temporal whose database is damaged is said as such, in one line', async () => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const DATA_DIR = folder();
  writeFileSync(join(DATA_DIR, 'temporal.db'), 'no database. '.repeat(100));

  const { code, stderr } = await run(['up', '--once'], { ...KEY, DATA_DIR, TEMPORAL_ADDRESS: `127.0.0.1:${port}` });

  expect(code).toBe(1);
  expect(oneLine(stderr)).toMatch(
    /^error: the Temporal server did not start at .*temporal\.db: its database is damaged.*$/,
  );
});

test('certificates that .env names for the worker, which reads them too late, are refused', async () => {
  const DATA_DIR = folder();
  writeFileSync(join(DATA_DIR, '.env'), 'NODE_EXTRA_CA_CERTS=/etc/our-ca.pem\n');
  const { code, stderr } = await start('worker.js', [], { ...KEY, DATA_DIR }).ended;
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error: NODE_EXTRA_CA_CERTS: in \.env it comes too late.*set it in the environment\n$/);
});

test.each([
  ['a history', ['replay', '--file', 'nowhere.json'], 2, 'nowhere.json: there is no such file'],
  ['a workflow', ['replay', 'no-such-workflow'], 1, 'Temporal holds no run of no-such-workflow'],
  ['a reason', ['pause', '--reason', 'x'.repeat(201)], 2, 'at most 200 characters'],
])('it says what is not there, or too long: %s', async (_title, args, code, message) => {
  const { stderr, ...ended } = await run(args, { TEMPORAL_ADDRESS: address, DATA_DIR: folder() });
  expect(ended).toEqual({ code, stdout: '' });
  expect(stderr).toContain(message);
});

test('what is written to the terminal holds no controls, and a stack trace only where .env asks for one', async () => {
  const DATA_DIR = folder();
  const settings = { TEMPORAL_ADDRESS: address, DATA_DIR };
  const args = ['replay', '--file', '\u001b[2J\u202e.json'];
  const plain = await run(args, settings);
  expect(plain.stderr).toBe('error: --file \\u001b[2J\\u202e.json: there is no such file\n');

  writeFileSync(join(DATA_DIR, '.env'), 'LOG_LEVEL=debug\n');
  const debug = await run(args, settings);
  expect(debug.stderr).toContain('\n    at ');
  expect(debug.stderr).not.toContain('\u001b');
});
