import { join } from 'node:path';
import type { Result } from '../chaos/run';
import { startProgram } from './support/cli';

const SEED = '7';
const BLOWS = [
  'faults',
  'key-revoked',
  'kill-worker',
  'kill-all-workers',
  'kill-server',
  'terminate-mid-sync',
  'cancel-mid-sync',
];

test('it emits each message exactly once, and nothing private elsewhere, whatever falls on it', async () => {
  const script = join(__dirname, '../scripts/chaos.mjs');
  const args = [script, '--rounds', '1', '--seed', SEED, '--only', BLOWS.join(), '--json'];
  const { code, stdout, stderr } = await startProgram(process.execPath, args, {}, __dirname).ended;

  // Where it broke off, it said why.
  if (stdout === '') throw new Error(stderr);
  const { tallies, sink, secrets, wrongs } = JSON.parse(stdout) as Result;
  expect({ wrongs, places: secrets.places }).toEqual({ wrongs: [], places: [] });
  expect(sink).toMatchObject({
    lost: 0,
    doubled: 0,
    foreign: 0,
    outside: 0,
    damagedParts: 0,
    breaks: [],
    leftovers: 0,
  });
  expect(sink.messages).toBeGreaterThan(2000);
  expect(tallies.map(({ times }) => times)).toEqual(BLOWS.map(() => 1));
  expect(code).toBe(0);
}, 600_000);
