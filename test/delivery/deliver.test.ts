import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { createFolderArchive } from '../../src/archive/folder-archive';
import type { Log } from '../../src/archive/log';
import type { DeliverOptions, DeliveryResult } from '../../src/delivery/deliver';
import { MOST_UNWRITTEN } from '../../src/delivery/positions';
import { DestinationError } from '../../src/destinations/destination';
import type { Position } from '../../src/domain/delivery';
import { deliverSmall, SMALL_BATCHES } from '../support/deliver-from';
import { endOfDay, makeArchive, recordsOfChat, type MadeArchive } from '../support/made-archive';
import { recording, type Recording } from '../support/recording-destination';

const idOf = (json: string): string => (JSON.parse(json) as { id: string }).id;

let archive: MadeArchive;
beforeEach(async () => {
  archive = await makeArchive();
});
afterEach(() => archive.remove());

const run = (destination: Recording, more?: Partial<DeliverOptions>): Promise<DeliveryResult> =>
  deliverSmall(archive, destination, more);

describe('a delivery', () => {
  it('goes through windows, parts and records in their order', async () => {
    const [a, b, c] = [recordsOfChat('a', 30), recordsOfChat('b', 5), recordsOfChat('c', 7)];
    await archive.window([a, b], [c]);
    await archive.window([recordsOfChat('d', 1)]);
    const destination = recording();
    expect(await run(destination)).toMatchObject({ caughtUp: true, delivered: 43, through: endOfDay(1) });
    expect(destination.ids()).toEqual([...a, ...b, ...c, ...recordsOfChat('d', 1)].map(idOf));
    // No batch is longer than it may be, nor of two parts.
    for (const { at, next, records } of destination.deliveries) {
      expect(records.reduce((sum, { line }) => sum + line.length, 0)).toBeLessThanOrEqual(SMALL_BATCHES.batchBytes);
      expect(next.byte).toBeGreaterThan(at.byte);
    }
  });

  it('is the same again from wherever it stopped, key by key', async () => {
    await archive.window([recordsOfChat('a', 40)], [recordsOfChat('b', 40)]);
    const whole = recording();
    await run(whole);
    await rm(join(archive.folder, 'positions'), { recursive: true });
    const pieces = recording();
    for (let i = 0; i < 100; i++) if ((await run(pieces, { isOver: () => true })).position.entry > 1) break;
    expect(pieces.deliveries.map(({ key }) => key)).toEqual(whole.deliveries.map(({ key }) => key));
    expect(new Set(whole.deliveries.map(({ key }) => key)).size).toBe(whole.deliveries.length);
    expect(whole.deliveries.length).toBeGreaterThan(5);
  });

  it('has the same keys after a rewind of the source, which makes the archive another one', async () => {
    await archive.window([recordsOfChat('a', 3)]);
    const keys: string[] = [];
    const answerless = recording(({ key }) => {
      keys.push(key);
      throw new DestinationError('down', 'its answer is lost');
    });
    await expect(run(answerless)).rejects.toThrow('is lost');
    await createFolderArchive({ dir: archive.dir, source: archive.source }).claim('a-new-id', 'an-archive');
    const destination = recording();
    await run(destination);
    expect(destination.deliveries.map(({ key }) => key)).toEqual(keys);
  });

  it('is only so far ahead of its position on a slow disk, which it does not wait for each time', async () => {
    await archive.window([recordsOfChat('a', 400)]);
    const written: number[] = [];
    const log: Log = {
      ...archive.log,
      file(kind, name) {
        const there = archive.log.file(kind, name);
        return {
          ...there,
          async write(text, isDurable) {
            for (let turn = 0; turn < 100; turn += 1) await setImmediate();
            await there.write(text, isDurable);
            written.push((JSON.parse(text) as Position).records);
          },
        };
      },
    };
    const ahead: number[] = [];
    const destination = recording(() => {
      const last = written.at(-1) ?? 0;
      // With the one that is being delivered.
      ahead.push(destination.deliveries.filter(({ next }) => next.records > last).length + 1);
    });
    await run(destination, { log });
    expect(Math.max(...ahead)).toBe(MOST_UNWRITTEN);
    expect(written.length).toBeLessThan(destination.deliveries.length / 2);
  });

  it('ends at once when the destination is down, however long the next part takes to be read', async () => {
    await archive.window([recordsOfChat('a', 80)], [recordsOfChat('b', 8)]);
    let isNextRead: (() => void) | undefined;
    const nextIsRead = new Promise<void>((resolve) => (isNextRead = resolve));
    let parts = 0;
    const log: Log = {
      ...archive.log,
      async *lines(part, from, signal) {
        if ((parts += 1) === 2) {
          isNextRead?.();
          await once(signal!, 'abort');
        }
        yield* archive.log.lines(part, from, signal);
      },
    };
    const down = recording(() => {
      throw new DestinationError('down', 'is down');
    });
    const destination: Recording = {
      ...down,
      deliver: async (delivery, signal) => nextIsRead.then(() => down.deliver(delivery, signal)),
    };
    await expect(run(destination, { log })).rejects.toThrow('is down');
  });

  it('says up to which window it came, though the attempt that came past it failed', async () => {
    await archive.window([recordsOfChat('a', 3)]);
    const { position } = await run(recording());
    await archive.window([recordsOfChat('b', 3)]);
    await archive.publish(recordsOfChat('open', 3));
    const known = { epoch: 0, start: null, position };
    let tries = 0;
    const failing = recording(() => {
      if ((tries += 1) === 2) throw new DestinationError('down', 'is down');
    });
    await expect(run(failing, { known })).rejects.toThrow('is down');
    expect(await run(recording(), { known })).toMatchObject({ through: endOfDay(1) });
  });

  it('goes on behind the last batch that was taken, whatever ends it', async () => {
    await archive.window([recordsOfChat('a', 40)]);
    let tries = 0;
    const destination = recording(() => {
      tries += 1;
      if (tries % 2 === 0) throw new DestinationError('down', 'is down');
    });
    for (;;) {
      const result = await run(destination).catch((error: unknown) => error);
      if (!(result instanceof DestinationError)) break;
    }
    expect(destination.ids()).toEqual(recordsOfChat('a', 40).map(idOf));
  });

  it.each([
    ['before a window', async () => archive.close()],
    ['while one is open', () => run(recording())],
  ])('goes on in the middle of a window, whatever else was written %s', async (_when, before) => {
    await archive.window([recordsOfChat('a', 2)]);
    await archive.publish(recordsOfChat('b', 2));
    await before();
    await archive.pause();
    await archive.pause();
    await archive.window([recordsOfChat('c', 40)], [recordsOfChat('d', 2)]);
    await archive.pause();
    await archive.window([recordsOfChat('e', 40)]);
    const destination = recording();
    let over = 0;
    while (!(await run(destination, { isOver: () => true })).caughtUp) over += 1;
    expect(over).toBeGreaterThan(10);
    const whole = recording();
    await rm(join(archive.folder, 'positions'), { recursive: true });
    await run(whole);
    const keys = destination.deliveries.map(({ key }) => key);
    expect(whole.deliveries.map(({ key }) => key).slice(-keys.length)).toEqual(keys);
    expect(new Set(whole.ids()).size).toBe(86);
  });

  it('takes what is published before its window is closed, and the rest later', async () => {
    await archive.publish(recordsOfChat('a', 3));
    const destination = recording();
    expect(await run(destination)).toMatchObject({ delivered: 3, through: null });
    await archive.publish(recordsOfChat('b', 2));
    await archive.close();
    await archive.window([recordsOfChat('c', 1)]);
    expect(await run(destination)).toMatchObject({ delivered: 3, through: endOfDay(1) });
    expect(destination.ids()).toHaveLength(6);
  });

  it('has what an abandoned window published, and is through no further for it', async () => {
    await archive.publish(recordsOfChat('a', 3));
    await archive.close('abandoned');
    const destination = recording();
    expect(await run(destination)).toMatchObject({ delivered: 3, through: null, position: { entry: 2, byte: 0 } });
  });

  it('writes nothing to a destination for windows without messages', async () => {
    const destination = recording();
    for (let i = 0; i < 100; i++) await archive.close();
    expect(await run(destination)).toMatchObject({ delivered: 0, through: endOfDay(99), position: { entry: 101 } });
    expect(destination.deliveries).toEqual([]);
  });

  it('says how far behind it is', async () => {
    await archive.window([recordsOfChat('a', 10)], [recordsOfChat('b', 10)]);
    await archive.window([recordsOfChat('c', 10)]);
    const first = await run(recording(), { isOver: () => true });
    expect(first.caughtUp).toBe(false);
    expect(first.behind).toEqual({ records: 30 - first.delivered, parts: 3 });
  });
});
