import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import { version } from '../../src/version';
import '../support/temporal';
import { workflowBundle } from '../support/server';

const folder = join(__dirname, '../histories');
/** Of every version that was ever released, and of this one. */
const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /^[^/]+\/[^/]+\.json$/.test(name),
);
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

/** What comes of replaying each, by its name. */
async function replay(histories: ReadonlyMap<string, string>): Promise<Map<string, Error | undefined>> {
  const given = [...histories].map(([workflowId, json]) => ({ workflowId, history: JSON.parse(json) as unknown }));
  const replayed = new Map<string, Error | undefined>();
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, given))
    replayed.set(workflowId, error);
  return replayed;
}

test('there is a history of every kind', () => {
  const kinds = ['backfill-then-idle', 'begin-at-now', 'failure-then-retry', 'long-page', 'pause-resume', 'rewind'];
  kinds.push('cancel-then-idle-cancel', 'terminate-then-adopt');
  kinds.push('per-user', 'per-user-by-creation', 'listing-refused', 'parked-then-healed');
  kinds.push('request-completed', 'request-failed', 'request-refused', 'request-asks-again', 'delivery');
  kinds.push('verify', 'recovered');
  expect(kinds.filter((kind) => !names.some((name) => name.startsWith(`${version}/${kind}`)))).toEqual([]);
});

test('each of them replays', async () => {
  const replayed = await replay(new Map(names.map((name) => [name, read(name)])));
  expect(replayed).toEqual(new Map(names.map((name) => [name, undefined])));
});

test('a history of other workflow code does not replay', async () => {
  const other = read(`${version}/backfill-then-idle-1.json`).replaceAll('"readLedger"', '"readSomethingElse"');

  expect((await replay(new Map([['other', other]]))).get('other')).toBeInstanceOf(DeterminismViolationError);
});
