import { record, records, first, second, writeChat } from './steps';
import { createHash } from 'node:crypto';
import { textOf } from '../support/parsed-record';
import { type Closing, type Archive, ArchiveError } from '../../src/archive/archive';

/** One place that a archive delivers to. */
export interface ArchiveHarness {
  /** Another instance on the same place, as another worker makes it. */
  open(): Archive;
  /** Every line that a reader finds there now. */
  lines(): Promise<string[]> | string[];
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

const hostileIds = ['../../x', '/etc/x', 'a\u0000b', '.', '', '\ud800', 'x'.repeat(5000), '__proto__', '\u001b[2J'];

function completed(chats: number, records: number): Closing {
  return { outcome: 'completed', totals: { chats, records }, requestId: 'req_1' };
}

/** What every archive promises. */
export function testArchive(name: string, start: () => Promise<ArchiveHarness>): void {
  describe(name, () => {
    let place: ArchiveHarness;
    let archive: Archive;
    beforeEach(async () => {
      place = await start();
      archive = place.open();
    });

    async function ids(): Promise<unknown[]> {
      return (await place.lines()).map((line) => JSON.parse(line).id);
    }

    it('delivers each record as it came, one a line, with its fields in order', async () => {
      const odd = Buffer.from('{"id":"b","big":9007199254740993,"list":[1e400],"__proto__":{"text":"ü😀"},"big":1.0}');
      const inPieces = { ...record('chat_a', 2), json: Array.from(odd, (_, at) => odd.subarray(at, at + 1)) };
      const batch = [record('chat_a', 1), inPieces];
      const receipt = await archive.write({ window: first, chatId: 'chat_a', records: batch });
      await archive.publish(first, [{ chatId: 'chat_a', receipts: [receipt] }]);
      expect(await place.lines()).toEqual(batch.map(textOf));
    });

    it('goes through the records of a batch once, and takes one that is larger than what is written at a time', async () => {
      const long = Buffer.from(JSON.stringify({ id: 'long', text: 'ü😀'.repeat(200_000) }));
      function* once() {
        yield record('chat_a', 1);
        yield { ...record('chat_a', 2), json: [long.subarray(0, 1000), long.subarray(1000)] };
        yield record('chat_a', 3);
      }
      const receipt = await archive.write({ window: first, chatId: 'chat_a', records: once() });
      await archive.publish(first, [{ chatId: 'chat_a', receipts: [receipt] }]);
      const expected = [textOf(record('chat_a', 1)), long.toString(), textOf(record('chat_a', 3))];
      expect((await place.lines()).map(digest)).toEqual(expected.map(digest));
      expect(receipt).toMatchObject({ records: 3, bytes: Buffer.byteLength(`${expected.join('\n')}\n`) });
    });

    it('says in its receipt what it wrote, and nothing of what it says', async () => {
      const receipt = await archive.write({ window: first, chatId: 'chat_a', records: records('chat_a', 1, 2) });
      const bytes = Buffer.byteLength(
        records('chat_a', 1, 2)
          .map((record) => `${textOf(record)}\n`)
          .join(''),
      );
      expect(receipt).toEqual({
        name: expect.any(String),
        records: 2,
        bytes,
        sha256: expect.stringMatching(/^\w{64}$/),
      });
      expect(JSON.stringify(receipt)).not.toMatch(/secret|chat_a/);
      expect(JSON.stringify(receipt).length).toBeLessThan(300);
    });

    it('keeps a chat in order over several batches', async () => {
      const chat = await writeChat(archive, first, 'chat_a', [1, 2], [3], [4, 5]);
      await archive.publish(first, [chat]);
      expect(await ids()).toEqual(records('chat_a', 1, 2, 3, 4, 5).map((record) => record.id));
    });

    it('takes batches from two workers at once', async () => {
      const archives = [archive, place.open()];
      const chats = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          writeChat(archives[index % 2] ?? archive, first, `chat_${index}`, [1, 2], [3]),
        ),
      );
      await archive.publish(first, chats);
      expect((await ids()).sort()).toEqual(
        chats.flatMap(({ chatId }) => records(chatId, 1, 2, 3).map((record) => record.id)).sort(),
      );
    });

    it.each(hostileIds)('takes the chat id %j', async (chatId) => {
      const chat = await writeChat(archive, first, chatId, [1]);
      expect(chat.receipts[0]?.name).toMatch(/^[\w-]{1,100}$/);
      await archive.publish(first, [chat]);
      expect(await ids()).toHaveLength(1);
    });

    it('passes its own check', async () => {
      await expect(archive.check()).resolves.toBeUndefined();
      expect(await place.lines()).toEqual([]);
    });

    testWindows();

    function testWindows(): void {
      it('shows no record before its chat is published', async () => {
        const chat = await writeChat(archive, first, 'chat_a', [1], [2]);
        expect(await place.lines()).toEqual([]);
        await archive.publish(first, [chat]);
        expect(await place.lines()).toHaveLength(2);
      });

      it('publishes a chat once a window, whoever asks, and counts it once', async () => {
        const once = await writeChat(archive, first, 'chat_a', [1, 2]);
        const again = await writeChat(archive, first, 'chat_a', [1], [2, 3]);
        const totals = { chats: 2, records: 2 };
        const empty = { chatId: 'chat_empty', receipts: [] };
        for (const worker of [archive, archive, place.open()]) {
          expect(await worker.publish(first, [once, again, empty, empty])).toEqual({
            totals,
            healed: [],
            gone: 0,
            conflicts: 0,
            closed: false,
          });
          expect(await worker.publish(first, [again])).toEqual({
            totals,
            healed: [],
            gone: 0,
            conflicts: 0,
            closed: false,
          });
        }
        expect(await ids()).toEqual(records('chat_a', 1, 2).map((record) => record.id));
      });

      it('publishes a chat again in another window', async () => {
        await archive.publish(first, [await writeChat(archive, first, 'chat_a', [1])]);
        await archive.commit(first, completed(1, 1));
        const published = await archive.publish(second, [await writeChat(archive, second, 'chat_a', [2])]);
        expect(published.totals).toEqual({ chats: 1, records: 1 });
        expect(await place.lines()).toHaveLength(2);
      });

      it('knows which chats an open window holds, also those without messages', async () => {
        await archive.publish(first, [
          await writeChat(archive, first, 'chat_a', [1]),
          { chatId: 'chat_b', receipts: [] },
        ]);
        await writeChat(archive, first, 'chat_c', [1]);
        for (const worker of [archive, place.open()]) {
          const held = ['chat_a', 'chat_b', 'chat_c', '__proto__'].map(async (chatId) => worker.has(first, chatId));
          expect(await Promise.all(held)).toEqual([true, true, false, false]);
          expect(await worker.has(second, 'chat_a')).toBe(false);
        }
      });

      it('has no last window before one is completed', async () => {
        expect(await archive.last()).toBeNull();
        await archive.commit(first, { ...completed(0, 0), outcome: 'abandoned' });
        expect(await archive.last()).toBeNull();
      });

      it('tells every worker the last completed window', async () => {
        await archive.commit(first, completed(0, 0));
        await archive.commit(second, { ...completed(0, 0), outcome: 'abandoned' });
        expect(await place.open().last()).toEqual(first);
        await archive.commit({ ...second, epoch: 1 }, completed(0, 0));
        expect(await place.open().last()).toEqual({ ...second, epoch: 1 });
      });

      it('takes a window of no length, and the one after it', async () => {
        const begin = { epoch: 0, from: first.from, to: first.from };
        await archive.commit(begin, completed(0, 0));
        expect(await archive.last()).toEqual(begin);
        await archive.publish(first, [await writeChat(archive, first, 'chat_a', [1])]);
        await archive.commit(first, completed(1, 1));
        expect(await archive.last()).toEqual(first);
      });

      it('refuses to complete a window whose totals differ, until they are right', async () => {
        await archive.publish(first, [await writeChat(archive, first, 'chat_a', [1])]);
        await expect(archive.commit(first, completed(2, 1))).rejects.toThrow(ArchiveError);
        await expect(archive.commit(first, completed(1, 0))).rejects.toThrow(ArchiveError);
        expect(await archive.last()).toBeNull();
        await archive.publish(first, [await writeChat(archive, first, 'chat_b', [1])]);
        await archive.commit(first, completed(2, 2));
        expect(await archive.last()).toEqual(first);
      });

      it.each(['completed', 'abandoned'] as const)('changes nothing in a window that was %s', async (outcome) => {
        await archive.publish(first, [await writeChat(archive, first, 'chat_a', [1])]);
        await archive.commit(first, { ...completed(1, 1), outcome });
        const last = await archive.last();
        for (const worker of [archive, place.open()]) {
          const late = await writeChat(worker, first, 'chat_late', [1]);
          expect(await worker.publish(first, [late])).toEqual({
            totals: { chats: 1, records: 1 },
            healed: [],
            gone: 0,
            conflicts: 0,
            closed: true,
            ...(outcome === 'abandoned' && { abandoned: true }),
          });
          await worker.commit(first, { ...completed(5, 5), outcome: 'completed' });
          await worker.commit(first, { ...completed(5, 5), outcome: 'abandoned' });
        }
        expect(await place.lines()).toHaveLength(1);
        expect(await archive.last()).toEqual(last);
      });

      it('takes a window over one that was abandoned in its epoch', async () => {
        await archive.commit(first, { ...completed(0, 0), outcome: 'abandoned' });
        const longer = { ...first, to: second.to };
        await archive.publish(longer, [await writeChat(archive, longer, 'chat_a', [1])]);
        await archive.commit(longer, completed(1, 1));
        expect(await archive.last()).toEqual(longer);
      });

      it('refuses windows that it is beyond', async () => {
        await archive.commit({ ...second, epoch: 3 }, completed(0, 0));
        const stale = { code: 'STALE_WINDOW' };
        for (const window of [
          { ...first, epoch: 3 },
          { ...second, epoch: 2 },
          { ...second, epoch: 3, from: first.from },
        ]) {
          const late = await writeChat(archive, window, 'chat_late', [1]);
          await expect(archive.publish(window, [late])).rejects.toMatchObject(stale);
          await expect(archive.commit(window, completed(0, 0))).rejects.toMatchObject(stale);
          await expect(archive.commit(window, { ...completed(0, 0), outcome: 'abandoned' })).rejects.toMatchObject(
            stale,
          );
        }
        expect(await place.lines()).toEqual([]);
      });

      it('lets two workers take the same steps at once', async () => {
        const chats = [
          await writeChat(archive, first, 'chat_a', [1]),
          await writeChat(archive, first, 'chat_b', [1, 2]),
        ];
        const workers = [archive, place.open(), place.open()];
        const totals = { chats: 2, records: 3 };
        const published = await Promise.all(workers.map(async (worker) => worker.publish(first, chats)));
        expect(published).toEqual(workers.map(() => ({ totals, healed: [], gone: 0, conflicts: 0, closed: false })));
        await Promise.all(workers.map(async (worker) => worker.commit(first, completed(2, 3))));
        expect(await place.lines()).toHaveLength(3);
        expect(await archive.last()).toEqual(first);
      });
    }
  });
}
