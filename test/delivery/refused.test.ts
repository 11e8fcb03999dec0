import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeliveryResult } from '../../src/delivery/deliver';
import { deliverRefused } from '../../src/delivery/deliver-refused';
import { DestinationError, type RecordDestination } from '../../src/destinations/destination';
import { CANARY } from '../support/hostile-records';
import { deliverFrom } from '../support/deliver-from';
import { makeArchive, recordOf, recordsOfChat, type MadeArchive } from '../support/made-archive';
import { idsOf, recording, refusing, type Recording } from '../support/recording-destination';

const limits = { batchBytes: 100_000, batchRecords: 50, recordBytes: 100_000 };
const bad = (...ids: string[]): ReadonlySet<string> => new Set(ids);

let archive: MadeArchive;
beforeEach(async () => {
  archive = await makeArchive();
});
afterEach(() => archive.remove());

const run = (destination: RecordDestination): Promise<DeliveryResult> => deliverFrom(archive, destination, limits);

const refusedFile = async (): Promise<Record<string, unknown>[]> => {
  const text = await readFile(join(archive.folder, 'refused', 'x.jsonl'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
};

describe('a record that a destination refuses for good', () => {
  it('is found in halves, set aside by name, and holds up nobody', async () => {
    await archive.window([recordsOfChat('a', 200)]);
    const destination = recording(refusing(bad('a-00000', 'a-00077', 'a-00078', 'a-00199')));
    expect(await run(destination)).toMatchObject({
      delivered: 196,
      refused: 4,
      caughtUp: true,
      position: { entry: 2 },
    });
    expect(destination.ids()).toEqual([...destination.ids()].sort());
    const [first] = await refusedFile();
    expect((await refusedFile()).map(({ id }) => id)).toEqual(['a-00000', 'a-00077', 'a-00078', 'a-00199']);
    expect(first).toMatchObject({ code: 'bad', entry: 1, byte: 0 });
  });

  it('is set aside too where the destination says which it is', async () => {
    await archive.window([recordsOfChat('a', 10)]);
    const destination = recording(() => [{ id: 'a-00003', code: 'mapper' }]);
    expect(await run(destination)).toMatchObject({ delivered: 9, refused: 1 });
    expect(await refusedFile()).toMatchObject([{ id: 'a-00003', code: 'mapper' }]);
  });

  it('is named without its text', async () => {
    await archive.window([[recordOf('a'), recordOf('b', { content: CANARY, chat_name: CANARY })]]);
    await run(recording(refusing(bad('b'))));
    expect(JSON.stringify(await refusedFile())).not.toContain(CANARY);
  });

  it('is not told from wrong settings while nothing is taken: nothing moves, and it is asked few times', async () => {
    await archive.window([recordsOfChat('a', 5000)]);
    let asked = 0;
    const destination = recording(() => {
      asked += 1;
      throw new DestinationError('bad', 'does not take it', 'refused');
    });
    for (let i = 0; i < 2; i++)
      await expect(run(destination)).rejects.toMatchObject({ code: 'refuses-all', answer: 'wait' });
    expect(asked).toBeLessThan(1000);
    expect(await refusedFile()).toEqual([]);
    const mended = recording();
    expect(await run(mended)).toMatchObject({ delivered: 5000, refused: 0 });
  });

  it('is settled by the next one that is taken, also where it is alone in its window', async () => {
    await archive.window([[recordOf('only')]]);
    const destination = recording(refusing(bad('only')));
    await expect(run(destination)).rejects.toMatchObject({ code: 'refuses-all' });
    await archive.window([[recordOf('next')]]);
    expect(await run(destination)).toMatchObject({ delivered: 1, refused: 1 });
    expect(destination.ids()).toEqual(['next']);
    expect(await refusedFile()).toMatchObject([{ id: 'only', entry: 1 }]);
  });

  it('is delivered once its cause is mended, from where it is in the archive', async () => {
    await archive.window([recordsOfChat('a', 20)], [recordsOfChat('b', 20)]);
    await run(recording(refusing(bad('a-00004', 'b-00019'))));
    const position = (await run(recording())).position;
    const again = (destination: Recording) =>
      deliverRefused({
        ...{ source: 'made', name: 'x', log: archive.log, destination, limits, position },
        signal: AbortSignal.timeout(60_000),
      });
    const half = recording(refusing(bad('a-00004')));
    expect(await again(half)).toEqual({ delivered: 1, refused: 1 });
    expect(half.ids()).toEqual(['b-00019']);
    const whole = recording();
    expect(await again(whole)).toEqual({ delivered: 1, refused: 0 });
    expect(whole.deliveries.map(idsOf)).toEqual([['a-00004']]);
    expect(whole.deliveries[0]!.records[0]!.line.toString()).toBe(recordsOfChat('a', 20)[4]);
    expect(await refusedFile()).toEqual([]);
  });
});
