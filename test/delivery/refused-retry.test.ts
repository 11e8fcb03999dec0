import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeliverOptions, DeliveryResult } from '../../src/delivery/deliver';
import { deliverRefused } from '../../src/delivery/deliver-refused';
import { partsIn } from '../../src/archive/read/parts';
import { applyRetention } from '../../src/delivery/retention';
import { DestinationError, type RecordDestination } from '../../src/destinations/destination';
import { deliverFrom } from '../support/deliver-from';
import { makeArchive, recordsOfChat, type MadeArchive, recordOf } from '../support/made-archive';
import { recording, refusing } from '../support/recording-destination';

const limits = { batchBytes: 1e6, batchRecords: 1000, recordBytes: 100_000 };
let archive: MadeArchive;
beforeEach(async () => {
  archive = await makeArchive();
});
afterEach(() => archive.remove());
const run = (destination: RecordDestination, more: Partial<DeliverOptions> = {}): Promise<DeliveryResult> =>
  deliverFrom(archive, destination, limits, more);

it('rewind --refused keeps what it got through when an attempt fails in the middle', async () => {
  const bad = Array.from({ length: 10 }, (_, i) => `a-${String(i * 2).padStart(5, '0')}`);
  await archive.window([recordsOfChat('a', 30)]);
  const { position } = await run(recording(refusing(new Set(bad))));
  let calls = 0;
  const flaky = recording(() => {
    calls += 1;
    if (calls % 6 === 0) throw new DestinationError('unavailable', 'fails');
  });
  for (let tries = 0; tries < 20; tries++) {
    const done = await deliverRefused({
      ...{ source: 'made', name: 'x', log: archive.log, destination: flaky, limits, position },
      signal: AbortSignal.timeout(60_000),
    }).then(
      () => true,
      () => false,
    );
    if (done) break;
  }
  // 10 records, 20 attempts of which each gets 5 through.
  expect({ sent: flaky.ids().length, different: new Set(flaky.ids()).size }).toEqual({ sent: 10, different: 10 });
});

it('a rewind of a destination that had everything does not say that records were removed before they were delivered', async () => {
  await archive.window([recordsOfChat('a', 3)]);
  await run(recording());
  await applyRetention(archive.log, { keepMs: 0, destinations: ['x'] }, Date.now());
  const result = await run(recording(), { known: { epoch: 1, start: '2026-01-01T00:00:00Z', position: null } });
  expect(result.missed).toBe(0);
});

it('an archive of a build that did not number its lines is delivered, kept and gone on from', async () => {
  await archive.window([recordsOfChat('a', 3)]);
  await archive.window([recordsOfChat('b', 3)]);
  const path = join(archive.folder, 'ledger.jsonl');
  const text = (await readFile(path, 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const { n: _n, prev: _p, at: _a, ...rest } = JSON.parse(line) as Record<string, unknown>;
      return `${JSON.stringify(rest)}\n`;
    })
    .join('');
  await writeFile(path, text);
  const d = recording();
  expect(await run(d)).toMatchObject({ delivered: 6, position: { entry: 3 } });
  await archive.window([recordsOfChat('c', 3)]);
  expect(await run(d)).toMatchObject({ delivered: 3, position: { entry: 4 } });
  await applyRetention(archive.log, { keepMs: 0, destinations: ['x'] }, Date.now());
  await archive.window([recordsOfChat('d', 3)]);
  expect(await run(d)).toMatchObject({ delivered: 3, missed: 0 });
  // A torn last line
  const whole = await readFile(path);
  await writeFile(path, whole.subarray(0, -20));
  // The line is written anew by the next sync: until then the position is beyond it.
  await expect(run(d)).rejects.toMatchObject({ code: 'LEDGER_BEHIND' });
});

it('alternating refusals, at the end, all refused for long and then mended: nothing is lost or doubled', async () => {
  let bad = new Set<string>();
  const d = recording((delivery) => refusing(bad)(delivery));
  const expected: string[] = [];
  for (let w = 0; w < 6; w++) {
    const list = recordsOfChat(`w${w}`, 9);
    await archive.window([list.slice(0, 5)], [list.slice(5)]);
    const ids = list.map((json) => (JSON.parse(json) as { id: string }).id);
    expected.push(...ids);
    bad = new Set(w === 3 ? expected : ids.filter((_, i) => i % 2 === w % 2));
    await run(d).catch((e: unknown) => e);
  }
  bad = new Set();
  await archive.window([[recordOf('last')]]);
  const result = await run(d);
  await deliverRefused({
    ...{ source: 'made', name: 'x', log: archive.log, destination: d, limits, position: result.position },
    signal: AbortSignal.timeout(60_000),
  });
  expect([...new Set(d.ids())].sort()).toEqual([...expected, 'last'].sort());
});

it('removal does not take the word of a position that is beyond the ledger', async () => {
  await archive.window([recordsOfChat('a', 3)]);
  await run(recording());
  const file = join(archive.folder, 'positions', 'x.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace('"entry":2', '"entry":9'));
  await archive.window([recordsOfChat('b', 3)]);
  await expect(run(recording())).rejects.toMatchObject({ code: 'LEDGER_BEHIND' });
  // Another destination's activity applies retention while x stands beyond an older copy of the ledger.
  await run(recording(), { name: 'y' });
  await applyRetention(archive.log, { keepMs: 0, destinations: ['x', 'y'] }, Date.now());
  expect((await partsIn(archive.folder)).length).toBe(2);
});
