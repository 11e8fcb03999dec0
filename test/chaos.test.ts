import { join } from 'node:path';
import { startProgram } from '../harness/programs';
import type { Result } from '../chaos/run';

/** Injects each of the faults once. */
async function chaos(faults: readonly string[], ...options: string[]): Promise<Result> {
  const script = join(__dirname, '../scripts/harness.mjs');
  const args = [
    script,
    'chaos',
    '--rounds',
    '1',
    '--only',
    faults.join(),
    '--json',
    '--destinations',
    'postgres',
    ...options,
  ];
  const { code, stdout, stderr } = await startProgram(process.execPath, args, {}, __dirname).ended;

  // Where it broke off, it said why.
  if (stdout === '') throw new Error(stderr);
  const result = JSON.parse(stdout) as Result;
  const { tallies, archive, deliveries, verifications, unseen, secrets, violations } = result;
  expect({ violations, places: secrets.places }).toEqual({ violations: [], places: [] });
  expect(archive).toMatchObject({
    lost: 0,
    doubled: 0,
    foreign: 0,
    outside: 0,
    damagedParts: 0,
    breaks: [],
    leftovers: 0,
  });
  expect(deliveries).toMatchObject({ missing: 0, doubled: 0, altered: 0 });
  expect(verifications).toMatchObject({ wrong: [], compared: { doubled: 0, different: 0 } });
  expect(verifications.compared.missing).toBeLessThanOrEqual(unseen);
  for (const { name, found } of verifications.damages) expect({ name, found }).toEqual({ name, found: true });
  for (const server of Object.values(deliveries.servers)) {
    expect(server).toEqual({ missing: 0, foreign: 0, doubled: 0 });
  }
  expect(deliveries.archived).toBeGreaterThan(archive.messages - 1);
  expect(tallies.map(({ times }) => times)).toEqual(faults.map(() => 1));
  expect(code).toBe(0);
  return result;
}

test('it emits each message exactly once, and nothing private elsewhere, whatever falls on it', async () => {
  const faults = [
    'failing-requests',
    'key-revoked',
    'kill-worker',
    'kill-all-workers',
    'kill-server',
    'new-build',
    'workers-clock-behind',
    'terminate-mid-sync',
    'cancel-mid-sync',
    'kill-destination',
  ];
  const { archive, mixedRuns } = await chaos(faults, '--seed', '7');
  expect(archive.messages).toBeGreaterThan(2000);
  expect(mixedRuns).toBeGreaterThan(0);
}, 600_000);

test('it emits each message of a chat that could not be read once, when it heals, from a server that lists per user', async () => {
  const faults = ['unreadable-chats', 'kill-worker', 'terminate-mid-sync'];
  const settings = ['--on-chat-failure', 'park', '--listing', 'per-user'];
  const { archive, unseen } = await chaos(faults, ...settings, '--seed', '8');
  expect(archive.messages).toBeGreaterThan(1000);
  expect(archive.healed).toBeGreaterThan(0);
  expect(unseen).toBeGreaterThan(0);
}, 600_000);
