import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { collect } from '../../harness/collect';
import { readLedger } from '../../src/archive/read/ledger';
import type { DeliverOptions, DeliveryResult } from '../../src/delivery/deliver';
import { deliverSmall } from '../support/deliver-from';
import { makeArchive, recordsOfChat, type MadeArchive } from '../support/made-archive';
import { recording, type Recording } from '../support/recording-destination';

let archive: MadeArchive;
beforeEach(async () => {
  archive = await makeArchive();
});
afterEach(() => archive.remove());

const run = (destination: Recording, more?: Partial<DeliverOptions>): Promise<DeliveryResult> =>
  deliverSmall(archive, destination, more);

describe('an archive that is not what was written', () => {
  const partOf = async (): Promise<string> => {
    const [line] = await collect(readLedger(archive.folder));
    return line!.parts[0]!.path;
  };

  it('stops a delivery before anything of a damaged part, and names it, until that is restored', async () => {
    await archive.window([recordsOfChat('a', 40)]);
    const path = join(archive.folder, await partOf());
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('text of a-00039', 'Text of a-00039'));
    const destination = recording();
    await expect(run(destination)).rejects.toMatchObject({
      code: 'PART_DAMAGED',
      message: expect.stringContaining(await partOf()),
    });
    expect(destination.ids()).toEqual([]);
    await rename(path, `${path}.away`);
    await expect(run(destination)).rejects.toMatchObject({ code: 'PART_MISSING' });
    await writeFile(path, text);
    expect(await run(destination)).toMatchObject({ delivered: 40 });
  });

  it('stops it where the ledger is shorter than it was, or its lines do not follow each other', async () => {
    for (const chat of ['a', 'b', 'c']) await archive.window([recordsOfChat(chat, 1)]);
    const ledger = join(archive.folder, 'ledger.jsonl');
    const lines = (await readFile(ledger, 'utf8')).split('\n');
    await run(recording(), { isOver: () => true });
    await writeFile(ledger, lines.with(1, lines[1]!.replace('"records":1', '"records":2')).join('\n'));
    await expect(run(recording())).rejects.toMatchObject({
      code: expect.stringMatching(/LEDGER_(CHANGED|UNREADABLE)/),
    });
    await writeFile(ledger, lines.join('\n'));
    await run(recording());
    await writeFile(ledger, `${lines[0]!}\n`);
    await expect(run(recording())).rejects.toMatchObject({ code: 'LEDGER_BEHIND' });
  });
});
