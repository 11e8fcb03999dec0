import { readFile, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ArchiveError } from '../../src/archive/archive';
import { createFolderArchive } from '../../src/archive/folder-archive';
import { createFolderLog } from '../../src/archive/folder-log';
import { partsIn } from '../../src/archive/read/parts';
import { applyRetention } from '../../src/delivery/retention';
import type { DeliverOptions, DeliveryResult } from '../../src/delivery/deliver';
import { deliverRefused } from '../../src/delivery/deliver-refused';
import { isDelivered } from '../../src/destinations/postgres/position';
import { DestinationError, type Delivery, type RecordDestination } from '../../src/destinations/destination';
import type { Position } from '../../src/domain/delivery';
import { deliverSmall, SMALL_BATCHES } from '../support/deliver-from';
import { makeArchive, recordOf, recordsOfChat, type MadeArchive } from '../support/made-archive';
import { recording, refusing } from '../support/recording-destination';

let archive: MadeArchive;
beforeEach(async () => {
  archive = await makeArchive();
});
afterEach(() => archive.remove());

const run = (destination: RecordDestination, more?: Partial<DeliverOptions>): Promise<DeliveryResult> =>
  deliverSmall(archive, destination, more);

/** As postgres: position in the transaction, fenced with its own isDelivered. */
function transactional(judge: (d: Delivery) => void = () => undefined) {
  const ids: string[] = [];
  const self = {
    isDown: false,
    stored: null as Position | null,
    ids,
    async position() {
      if (self.isDown) throw new DestinationError('ECONNREFUSED', 'is down');
      return self.stored;
    },
    async deliver(d: Delivery) {
      if (self.isDown) throw new DestinationError('ECONNREFUSED', 'is down');
      if (isDelivered(self.stored, d.next)) return { refused: [] };
      judge(d);
      ids.push(...d.records.map(({ id }) => id));
      self.stored = d.next;
      return { refused: [] };
    },
    check: async () => undefined,
    close: async () => undefined,
  };
  return self;
}

it('START=now: a transactional destination that is down at first gets what is archived from its start on', async () => {
  await archive.window([recordsOfChat('before', 2)]);
  const pg = transactional();
  pg.isDown = true;
  const known = { epoch: 0, start: 'now', position: null };
  await expect(run(pg, { known })).rejects.toThrow('is down');
  await archive.window([recordsOfChat('while-down', 3)]);
  await expect(run(pg, { known })).rejects.toThrow('is down');
  pg.isDown = false;
  await run(pg, { known });
  expect(pg.ids).toEqual(['while-down-00000', 'while-down-00001', 'while-down-00002']);
});

it('START=now: what else was written behind the last window changes nothing', async () => {
  await archive.window([recordsOfChat('before', 2)]);
  await archive.publish(recordsOfChat('open', 2));
  await archive.pause();
  const destination = recording();
  const known = { epoch: 0, start: 'now', position: null };
  await run(destination, { known });
  await archive.pause();
  await archive.publish(recordsOfChat('later', 3));
  await archive.close();
  await run(destination, { known });
  expect(destination.ids()).toEqual(['later-00000', 'later-00001', 'later-00002']);
});

it('an open window that is given up for another one: a transactional destination gets all of the other one', async () => {
  // Window W1 is open and followed; then Temporal is lost (or the run is terminated), and the source opens W2, which has another end.
  await archive.publish(recordsOfChat('w1', 20));
  const pg = transactional();
  await run(pg);
  expect(pg.ids).toHaveLength(20);
  const folder = createFolderArchive({ dir: archive.dir, source: 'made' });
  const w2 = { epoch: 0, from: '2026-04-01T00:00:00.000Z', to: '2026-04-02T12:00:00.000Z', archive: 'an-archive' };
  const list = recordsOfChat('w2', 20);
  const records = list.map((json) => ({
    id: (JSON.parse(json) as { id: string }).id,
    createdAt: '',
    json: [Buffer.from(json)],
  }));
  const receipt = await folder.write({ window: w2, chatId: 'chat-w2', records });
  const { totals } = await folder.publish(w2, [{ chatId: 'chat-w2', receipts: [receipt] }]);
  await folder.commit(w2, { outcome: 'completed', totals, requestId: null });
  const http = recording();
  await run(http, { name: 'http', known: { epoch: 0, start: null, position: pg.stored } });
  expect(http.ids()).toEqual(expect.arrayContaining(list.map((json) => (JSON.parse(json) as { id: string }).id)));
  await run(pg);
  const got = new Set(pg.ids);
  expect(list.map((json) => (JSON.parse(json) as { id: string }).id).filter((id) => !got.has(id))).toEqual([]);
});

it('an older copy of the ledger that grows past the position: what it grew by is not passed over', async () => {
  for (const chat of ['a', 'b', 'c', 'd']) await archive.window([recordsOfChat(chat, 1)]);
  const pg = transactional();
  const { position } = await run(pg);
  expect(position.entry).toBe(5);
  // The folder as it was after two windows is brought back, and the sync goes on there (after a rewind of the source).
  const older = await makeArchive('made', 'an-archive');
  for (const chat of ['a', 'b']) await older.window([recordsOfChat(chat, 1)]);
  await expect(run(pg, { log: older.log, known: { epoch: 0, start: null, position } })).rejects.toMatchObject({
    code: 'LEDGER_BEHIND',
  });
  for (const chat of ['n1', 'n2', 'n3']) await older.window([recordsOfChat(chat, 1)]);
  const result = await run(pg, { log: older.log, known: { epoch: 0, start: null, position } }).catch((e: unknown) => e);
  await older.remove();
  // Stopping with a word that names the ledger would be fine.
  if (result instanceof ArchiveError) return;
  expect(result).not.toBeInstanceOf(Error);
  expect(pg.ids).toEqual(expect.arrayContaining(['n1-00000', 'n2-00000', 'n3-00000']));
});

it('... also for one with a position file, when the copy holds none of it', async () => {
  for (const chat of ['a', 'b', 'c', 'd']) await archive.window([recordsOfChat(chat, 1)]);
  const http = recording();
  const { position } = await run(http);
  const older = await makeArchive('made', 'an-archive');
  for (const chat of ['a', 'b', 'n1', 'n2', 'n3']) await older.window([recordsOfChat(chat, 1)]);
  const result = await run(http, { log: older.log, known: { epoch: 0, start: null, position } }).catch(
    (e: unknown) => e,
  );
  await older.remove();
  if (result instanceof Error) return;
  expect(http.ids()).toEqual(expect.arrayContaining(['n1-00000', 'n2-00000', 'n3-00000']));
});

it('ARCHIVE_KEEP=0 keeps what a destination refused, so that rewind --refused can deliver it', async () => {
  await archive.window([[recordOf('good'), recordOf('bad'), recordOf('fine')]]);
  await archive.window([recordsOfChat('z', 1)]);
  const result = await run(recording(refusing(new Set(['bad']))));
  expect(result).toMatchObject({ refused: 1 });
  await applyRetention(archive.log, { keepMs: 0, destinations: ['x'] }, Date.now());
  const mended = recording();
  const again = await deliverRefused({
    ...{
      source: 'made',
      name: 'x',
      log: archive.log,
      destination: mended,
      limits: SMALL_BATCHES,
      position: result.position,
    },
    signal: AbortSignal.timeout(60_000),
  });
  expect(again).toEqual({ delivered: 1, refused: 0 });
  expect(mended.ids()).toEqual(['bad']);
});

it('ARCHIVE_KEEP=0 keeps the part that a stub points to', async () => {
  const long = recordOf('long', { content: [{ type: 'text', text: 'x'.repeat(300_000) }] });
  await archive.window([[recordOf('good'), long]]);
  await archive.window([recordsOfChat('z', 1)]);
  const destination = recording();
  await run(destination);
  await applyRetention(archive.log, { keepMs: 0, destinations: ['x'] }, Date.now());
  const stub = destination.deliveries.flatMap(({ records }) => records).find(({ id }) => id === 'long')!;
  const { truncated } = JSON.parse(stub.line.toString()) as { truncated: { part: string } };
  expect(await partsIn(archive.folder)).toContain(truncated.part);
});

it('a transactional destination with a wrong setting: nothing is noted as refused that is delivered later', async () => {
  await archive.window([recordsOfChat('a', 60)]);
  let isWrong = true;
  const pg = transactional(() => {
    if (isWrong) throw new DestinationError('23514', 'a constraint refuses it', 'refused');
  });
  await expect(run(pg, { limits: { ...SMALL_BATCHES, batchBytes: 1e6 } })).rejects.toMatchObject({
    code: 'refuses-all',
  });
  const after = await readFile(join(archive.folder, 'refused', 'x.jsonl'), 'utf8').catch(() => '');
  isWrong = false;
  const result = await run(pg, { limits: { ...SMALL_BATCHES, batchBytes: 1e6 } });
  expect(pg.ids).toHaveLength(60);
  expect(after.split('\n').length - 1).toBe(0);
  expect(result.refused).toBe(0);
});

it('a long run of refused records among good ones of the same delivery does not hold up the rest', async () => {
  // 100 in a row are set aside; 101 are not, though others of the same delivery would be taken.
  const bad = recordsOfChat('bad', 110);
  await archive.window([[...bad, ...recordsOfChat('good', 110)]]);
  const ids = new Set(bad.map((json) => (JSON.parse(json) as { id: string }).id));
  const destination = recording(refusing(ids));
  const result = await run(destination, { limits: { batchBytes: 1e6, batchRecords: 1000, recordBytes: 1e5 } }).catch(
    (e: unknown) => e,
  );
  expect(result).toMatchObject({ delivered: 110, refused: 110 });
});

it('rewind --refused: a record that was mended and is too large comes as a stub, as at first', async () => {
  const long = recordOf('long', { content: [{ type: 'text', text: 'x'.repeat(50_000) }] });
  await archive.window([[recordOf('a'), long, recordOf('b')]]);
  const { position } = await run(recording(refusing(new Set(['long']))));
  const mended = recording(({ records }) => {
    if (records.some(({ line }) => line.length > 10_000))
      throw new DestinationError('too-large', 'takes less', 'too-large');
  });
  const again = await deliverRefused({
    ...{ source: 'made', name: 'x', log: archive.log, destination: mended, limits: SMALL_BATCHES, position },
    signal: AbortSignal.timeout(60_000),
  });
  expect(again).toEqual({ delivered: 1, refused: 0 });
});

it('rewind --refused sends nothing of a damaged part', async () => {
  await archive.window([[recordOf('a'), recordOf('bad'), recordOf('b')]]);
  const { position } = await run(recording(refusing(new Set(['bad']))));
  const [path] = await partsIn(archive.folder);
  const file = join(archive.folder, path!);
  await writeFile(file, (await readFile(file, 'utf8')).replace('text of bad', 'TEXT OF BAD'));
  const mended = recording();
  await deliverRefused({
    ...{ source: 'made', name: 'x', log: archive.log, destination: mended, limits: SMALL_BATCHES, position },
    signal: AbortSignal.timeout(60_000),
  }).catch(() => undefined);
  expect(mended.deliveries.map(({ records }) => records[0]!.line.toString())).toEqual([]);
});

it('a refused file with a torn line does not stop the destination', async () => {
  await archive.window([recordsOfChat('a', 3)]);
  await mkdir(join(archive.folder, 'refused'));
  await writeFile(join(archive.folder, 'refused', 'x.jsonl'), '{"id":"a","co');
  const result = await run(recording()).catch((e: unknown) => e);
  expect(result).toMatchObject({ code: 'REFUSED_UNREADABLE', message: expect.stringContaining('refused/x.jsonl') });
});

it('after a rewind delivers a record that had been refused, the file does not name it any more', async () => {
  await archive.window([[recordOf('a'), recordOf('bad'), recordOf('b')]]);
  await run(recording(refusing(new Set(['bad']))));
  const again = recording();
  const result = await run(again, { known: { epoch: Date.now(), start: '2026-01-01T00:00:00Z', position: null } });
  expect(again.ids()).toContain('bad');
  expect(result.refused).toBe(0);
});

it('a rewind that an archive of a higher epoch meets (Temporal was reset) is done all the same', async () => {
  await archive.window([recordsOfChat('a', 3)]);
  await run(recording(), { known: { epoch: 3, start: null, position: null } });
  // A new Temporal knows epoch 0; the operator rewinds: epoch 1.
  const destination = recording();
  await run(destination, { known: { epoch: Date.now(), start: '2026-01-01T00:00:00Z', position: null } });
  expect(destination.ids()).toHaveLength(3);
});

it('a rewound destination that is down: what it is to get again is not removed', async () => {
  await archive.window([recordsOfChat('a', 3)]);
  await archive.window([recordsOfChat('b', 3)]);
  await run(recording());
  await run(recording(), { name: 'y' });
  // y is rewound, and is down; x goes on, and applies ARCHIVE_KEEP=0.
  await applyRetention(archive.log, { keepMs: 0, destinations: ['x', 'y'] }, Date.now());
  const y = recording();
  const result = await run(y, {
    name: 'y',
    known: { epoch: Date.now(), start: '2026-01-01T00:00:00Z', position: null },
  });
  expect(result.missed).toBe(0);
});

it('garbage positions lose nothing', async () => {
  await archive.window([recordsOfChat('a', 5)]);
  await archive.window([recordsOfChat('b', 5)]);
  await run(recording());
  const file = join(archive.folder, 'positions', 'x.json');
  for (const garbage of [
    '',
    '{',
    'null',
    '[]',
    '{"archive":"an-archive","epoch":0,"entry":1e99,"byte":0,"part":null,"records":0}',
    '\0\0\0',
  ]) {
    await writeFile(file, garbage);
    const d = recording();
    await run(d);
    expect(d.ids()).toHaveLength(10);
  }
  // Of another archive
  await writeFile(file, '{"archive":"other","epoch":0,"entry":99,"after":null,"byte":0,"part":null,"records":0}');
  const d = recording();
  await run(d);
  expect(d.ids()).toHaveLength(10);
});

it('concurrent deliveries of one destination lose nothing, and end', async () => {
  for (const c of ['a', 'b', 'c']) await archive.window([recordsOfChat(c, 60)]);
  const d = recording();
  const other = createFolderLog(archive.dir, 'made');
  const results = await Promise.allSettled([run(d), run(d, { log: other })]);
  expect(results.map((r) => (r.status === 'rejected' ? String(r.reason) : 'ok'))).toEqual(['ok', 'ok']);
  expect(new Set(d.ids()).size).toBe(180);
});
