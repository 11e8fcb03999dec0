import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArchiveError } from '../../src/archive/archive';
import { createFolderArchive } from '../../src/archive/folder-archive';
import { createFolderLog } from '../../src/archive/folder-log';
import type { Log } from '../../src/archive/log';
import { partsIn } from '../../src/archive/read/parts';
import type { DeliverOptions, DeliveryResult } from '../../src/delivery/deliver';
import { deliverRefused } from '../../src/delivery/deliver-refused';
import { applyRetention } from '../../src/delivery/retention';
import type { RecordDestination } from '../../src/destinations/destination';
import type { Position } from '../../src/domain/delivery';
import { deliverSmall, SMALL_BATCHES } from '../support/deliver-from';
import { endOfDay, makeArchive, recordOf, recordsOfChat, type MadeArchive } from '../support/made-archive';
import { recording, refusing } from '../support/recording-destination';

let archive: MadeArchive;
beforeEach(async () => {
  archive = await makeArchive();
});
afterEach(() => archive.remove());

const run = (destination: RecordDestination, more?: Partial<DeliverOptions>): Promise<DeliveryResult> =>
  deliverSmall(archive, destination, more);

describe('parts that every destination has', () => {
  const dayMs = 86_400_000;
  const retention = (keepMs: number, ...destinations: string[]) =>
    applyRetention(archive.log, { keepMs, destinations }, Date.now());
  beforeEach(async () => {
    for (const chat of ['a', 'b']) await archive.window([recordsOfChat(chat, 3)]);
    await archive.publish(recordsOfChat('open', 2));
  });

  it('are removed, with a line that says so; the others, and the open window, are not', async () => {
    await run(recording());
    await retention(0, 'x', 'y');
    expect(await partsIn(archive.folder)).toHaveLength(3);
    await retention(dayMs, 'x');
    expect(await partsIn(archive.folder)).toHaveLength(3);
    await retention(0, 'x');
    expect(await partsIn(archive.folder)).toHaveLength(1);
    const lines = (await readFile(join(archive.folder, 'ledger.jsonl'), 'utf8')).split('\n');
    expect(JSON.parse(lines[2]!)).toMatchObject({ n: 3, event: 'removed', from: 1, through: 2, parts: 2 });
    await retention(0, 'x');
    expect((await readFile(join(archive.folder, 'ledger.jsonl'), 'utf8')).split('\n')).toHaveLength(4);
  });

  it('hold up nobody: the window that was open goes on where it was, and the source does not miss them', async () => {
    const destination = recording();
    await run(destination);
    await retention(0, 'x');
    await archive.publish(recordsOfChat('more', 2));
    await archive.close();
    expect(await run(destination)).toMatchObject({ delivered: 2, missed: 0, position: { entry: 5 } });
    await retention(0, 'x');
    expect(await partsIn(archive.folder)).toEqual([]);
    const whole = createFolderArchive({ dir: archive.dir, source: archive.source });
    expect(await whole.missing()).toBeNull();
    await archive.window([recordsOfChat('next', 1)]);
    expect(await run(destination)).toMatchObject({ delivered: 1, missed: 0, through: endOfDay(3) });
    expect(destination.ids()).toHaveLength(11);
  });

  it('are missed by a destination that comes later, which says so and gets the rest', async () => {
    await run(recording());
    await retention(0, 'x');
    const late = recording();
    expect(await run(late, { name: 'late' })).toMatchObject({ delivered: 2, missed: 6 });
    expect(late.ids()).toEqual(['open-00000', 'open-00001']);
  });

  it('go all the same when a worker dies between saying so and doing it', async () => {
    await run(recording());
    const parts = await partsIn(archive.folder);
    const kept = await Promise.all(parts.map((path) => readFile(join(archive.folder, path))));
    await retention(0, 'x');
    for (const [i, path] of parts.entries()) await writeFile(join(archive.folder, path), kept[i]!);
    const anew = createFolderLog(archive.dir, archive.source);
    await applyRetention(anew, { keepMs: 0, destinations: ['x'] }, Date.now());
    expect(await partsIn(archive.folder)).toHaveLength(1);
  });
});

describe('the part of a record that a destination has shortened only', () => {
  const long = recordOf('long', { content: [{ type: 'text', text: 'x'.repeat(300_000) }] });
  let part: string;
  beforeEach(async () => {
    await archive.window([[recordOf('a'), long, recordOf('b')]]);
    [part = ''] = await partsIn(archive.folder);
    await archive.window([recordsOfChat('z', 1)]);
  });
  const expectKept = async (): Promise<void> => {
    await applyRetention(archive.log, { keepMs: 0, destinations: ['x'] }, Date.now());
    expect(await partsIn(archive.folder)).toEqual([part]);
  };

  it('stays', async () => {
    expect(await run(recording())).toMatchObject({ delivered: 4, shortened: 1 });
    await expectKept();
  });

  it('stays, where it was refused at first', async () => {
    const { position } = await run(recording(refusing(new Set(['long']))));
    const options = { ...{ source: archive.source, name: 'x', log: archive.log, limits: SMALL_BATCHES, position } };
    const signal = AbortSignal.timeout(60_000);
    const destination = recording();
    expect(await deliverRefused({ ...options, destination, signal })).toEqual({ delivered: 1, refused: 0 });
    await expectKept();
  });

  it('stays, where a disk was full as the destination moved its position itself', async () => {
    let own: Position | null = null;
    const there = recording();
    const destination: RecordDestination = {
      ...there,
      position: async () => own,
      async deliver(delivery, signal) {
        const delivered = await there.deliver(delivery, signal);
        own = delivery.next;
        return delivered;
      },
    };
    let isFull = true;
    const log: Log = {
      ...archive.log,
      file(kind, name) {
        const file = archive.log.file(kind, name);
        if (kind !== 'shortened') return file;
        return {
          ...file,
          write: async (text, isDurable) => {
            if (isFull) throw new ArchiveError('ENOSPC', 'the disk is full');
            await file.write(text, isDurable);
          },
        };
      },
    };
    await expect(run(destination, { log })).rejects.toMatchObject({ code: 'ENOSPC' });
    isFull = false;
    await run(destination, { log });
    expect(there.ids()).toContain('long');
    await expectKept();
  });
});
