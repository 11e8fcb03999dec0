import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../harness/root';
import { loadWorkerConfig } from '../../src/config/config';

const NAME = 'compliance-chat-sync@.service';
const unit = readFileSync(join(ROOT, 'ops', 'systemd', NAME), 'utf8');
const valuesOf = (name: string): string[] =>
  [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value);

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!hasSystemd) process.stderr.write('skipped: there is no systemd-analyze\n');

(hasSystemd ? test : test.skip)('systemd knows every line of it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'systemd-'));
  // Node.js is elsewhere on this machine.
  writeFileSync(join(folder, NAME), unit.replace('/usr/bin/node', process.execPath));
  const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', join(folder, NAME)], {
    encoding: 'utf8',
  });
  expect(stdout + stderr).toBe('');
});

test('it starts a program that is built, and gives it time to drain', () => {
  const [command = ''] = valuesOf('ExecStart');
  const [, program = ''] = command.split(' /opt/compliance-chat-sync/lib/');
  expect(existsSync(join(ROOT, 'src', program.replace(/js$/, 'ts')))).toBe(true);
  expect(valuesOf('TimeoutStopSec')).toEqual(['30']);
});

test('the worker takes its settings', () => {
  const pairs = valuesOf('Environment')
    .flatMap((value) => value.split(' '))
    .map((pair) => pair.replaceAll('%i', 'acme').replaceAll('%S', '/var/lib').split('='));
  const { ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE: keyFile, ...rest } = Object.fromEntries(pairs) as Record<
    string,
    string
  >;
  expect(keyFile).toBe('/etc/compliance-chat-sync/acme.key');
  const { source, folder, warnings } = loadWorkerConfig({ ...rest, ANTHROPIC_COMPLIANCE_ACCESS_KEY: 'sk-ant-api01-x' });
  expect([source, folder, warnings]).toEqual(['acme', '/var/lib/compliance-chat-sync/acme/messages', []]);
});
