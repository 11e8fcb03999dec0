import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeliverOptions, DeliveryResult } from '../../src/delivery/deliver';
import type { Position } from '../../src/domain/delivery';
import { deliverSmall } from '../support/deliver-from';
import { endOfDay, makeArchive, recordsOfChat, type MadeArchive } from '../support/made-archive';
import { recording, type Recording } from '../support/recording-destination';

let archive: MadeArchive;
beforeEach(async () => {
  archive = await makeArchive();
});
afterEach(() => archive.remove());

const run = (destination: Recording, more?: Partial<DeliverOptions>): Promise<DeliveryResult> =>
  deliverSmall(archive, destination, more);

describe('where a delivery begins', () => {
  const known = (start: string | null, position: Position | null = null, epoch = 0) => ({
    known: { epoch, start, position },
  });
  beforeEach(async () => {
    for (const chat of ['a', 'b', 'c']) await archive.window([recordsOfChat(chat, 1)]);
    await archive.publish(recordsOfChat('open', 1));
  });

  it.each([
    ['with the first entry', null, ['a', 'b', 'c', 'open']],
    ['now', 'now', []],
    ['at a time', endOfDay(0), ['b', 'c', 'open']],
    ['in the middle of a window', new Date(Date.parse(endOfDay(0)) + 1000).toISOString(), ['b', 'c', 'open']],
  ])('%s', async (_what, start, chats) => {
    const destination = recording();
    await run(destination, known(start));
    expect(destination.ids()).toEqual(chats.map((chat) => `${chat}-00000`));
    await archive.publish(recordsOfChat('later', 1));
    await run(destination, known(start));
    expect(destination.ids().slice(chats.length)).toEqual(['later-00000']);
  });

  it('is by its file, which moves with each batch, before the workflow', async () => {
    const destination = recording();
    const { position } = await run(destination, known(null));
    await run(destination, known(null, { ...position, entry: 1, byte: 0, part: null }));
    expect(destination.ids()).toHaveLength(4);
  });

  it('is by the workflow where a loss of power emptied the file', async () => {
    const { position } = await run(recording(), known(null));
    await writeFile(join(archive.folder, 'positions', 'x.json'), '');
    const destination = recording();
    await run(destination, known(null, position));
    expect(destination.ids()).toEqual([]);
  });

  it('is by a rewind, whatever the file of before says', async () => {
    await run(recording(), known(null));
    const destination = recording();
    expect(await run(destination, known(endOfDay(1), null, 1))).toMatchObject({ position: { epoch: 1 } });
    expect(destination.ids()).toEqual(['c-00000', 'open-00000']);
    await run(destination, known(endOfDay(1), null, 1));
    expect(destination.ids()).toHaveLength(2);
  });

  it('is by the file of a higher epoch, of which a reset Temporal knows nothing', async () => {
    await run(recording(), known(null, null, 3));
    const destination = recording();
    expect(await run(destination, known(null))).toMatchObject({ position: { epoch: 3 }, through: endOfDay(2) });
    expect(destination.ids()).toEqual([]);
  });

  it('is the first entry of another archive', async () => {
    const { position } = await run(recording(), known(null));
    const other = await makeArchive('made', 'another-archive');
    await other.window([recordsOfChat('other', 1)]);
    const destination = recording();
    await run(destination, { ...known(null, position), log: other.log });
    expect(destination.ids()).toEqual(['other-00000']);
    // Also for one that was begun in the middle of the first.
    await rm(join(other.folder, 'positions'), { recursive: true });
    const begunNow = recording();
    await run(begunNow, { ...known('now', position), log: other.log });
    expect(begunNow.ids()).toEqual(['other-00000']);
    await other.remove();
  });
});
