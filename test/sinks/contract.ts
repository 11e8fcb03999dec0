import { record, records, first, second, writeChat } from './steps';
import { createHash } from 'node:crypto';
import { textOf } from '../support/parsed-record';
import { type Closing, type Sink, SinkError } from '../../src/sinks/sink';

/** One place that a sink delivers to. */
export interface SinkHarness {
  /** Another instance on the same place, as another worker makes it. */
  open(): Sink;
  /** Every line that a reader finds there now. */
  lines(): Promise<string[]> | string[];
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

const methods = ['publish', 'commit', 'last', 'unfinished', 'has', 'archive', 'claim', 'missing'] as const;
const hostileIds = ['../../x', '/etc/x', 'a\u0000b', '.', '', '\ud800', 'x'.repeat(5000), '__proto__', '\u001b[2J'];

function completed(chats: number, records: number): Closing {
  return { outcome: 'completed', totals: { chats, records }, requestId: 'req_1' };
}

/** What every sink promises; those that know windows promise more. */
export function testSink(
  name: string,
  { windows, start }: { windows: boolean; start: () => Promise<SinkHarness> },
): void {
  describe(name, () => {
    let place: SinkHarness;
    let sink: Sink;
    beforeEach(async () => {
      place = await start();
      sink = place.open();
    });
    afterEach(() => sink.close?.());

    async function ids(): Promise<unknown[]> {
      return (await place.lines()).map((line) => JSON.parse(line).id);
    }

    it('is known by its name and either knows windows or does not', () => {
      expect(sink.name).toBe(name);
      expect(methods.filter((method) => sink[method] !== undefined)).toEqual(windows ? methods : []);
    });

    it('delivers each record as it came, one a line, with its fields in order', async () => {
      const odd = Buffer.from('{"id":"b","big":9007199254740993,"list":[1e400],"__proto__":{"text":"ü😀"},"big":1.0}');
      const inPieces = { ...record('chat_a', 2), json: Array.from(odd, (_, at) => odd.subarray(at, at + 1)) };
      const batch = [record('chat_a', 1), inPieces];
      const receipt = await sink.write({ window: first, chatId: 'chat_a', records: batch });
      await sink.publish?.(first, [{ chatId: 'chat_a', receipts: [receipt] }]);
      expect(await place.lines()).toEqual(batch.map(textOf));
    });

    it('goes through the records of a batch once, and takes one that is larger than what is written at a time', async () => {
      const long = Buffer.from(JSON.stringify({ id: 'long', text: 'ü😀'.repeat(200_000) }));
      function* once() {
        yield record('chat_a', 1);
        yield { ...record('chat_a', 2), json: [long.subarray(0, 1000), long.subarray(1000)] };
        yield record('chat_a', 3);
      }
      const receipt = await sink.write({ window: first, chatId: 'chat_a', records: once() });
      await sink.publish?.(first, [{ chatId: 'chat_a', receipts: [receipt] }]);
      const expected = [textOf(record('chat_a', 1)), long.toString(), textOf(record('chat_a', 3))];
      expect((await place.lines()).map(digest)).toEqual(expected.map(digest));
      expect(receipt).toMatchObject({ records: 3, bytes: Buffer.byteLength(`${expected.join('\n')}\n`) });
    });

    it('says in its receipt what it wrote, and nothing of what it says', async () => {
      const receipt = await sink.write({ window: first, chatId: 'chat_a', records: records('chat_a', 1, 2) });
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
      const chat = await writeChat(sink, first, 'chat_a', [1, 2], [3], [4, 5]);
      await sink.publish?.(first, [chat]);
      expect(await ids()).toEqual(records('chat_a', 1, 2, 3, 4, 5).map((record) => record.id));
    });

    it('takes batches from two workers at once', async () => {
      const sinks = [sink, place.open()];
      const chats = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          writeChat(sinks[index % 2] ?? sink, first, `chat_${index}`, [1, 2], [3]),
        ),
      );
      await sink.publish?.(first, chats);
      expect((await ids()).sort()).toEqual(
        chats.flatMap(({ chatId }) => records(chatId, 1, 2, 3).map((record) => record.id)).sort(),
      );
    });

    it.each(hostileIds)('takes the chat id %j', async (chatId) => {
      const chat = await writeChat(sink, first, chatId, [1]);
      expect(chat.receipts[0]?.name).toMatch(/^[\w-]{1,100}$/);
      await sink.publish?.(first, [chat]);
      expect(await ids()).toHaveLength(1);
    });

    it('passes its own check', async () => {
      await expect(sink.check?.()).resolves.toBeUndefined();
      expect(await place.lines()).toEqual([]);
    });

    if (windows) testWindows();

    function testWindows(): void {
      it('shows no record before its chat is published', async () => {
        const chat = await writeChat(sink, first, 'chat_a', [1], [2]);
        expect(await place.lines()).toEqual([]);
        await sink.publish?.(first, [chat]);
        expect(await place.lines()).toHaveLength(2);
      });

      it('publishes a chat once a window, whoever asks, and counts it once', async () => {
        const once = await writeChat(sink, first, 'chat_a', [1, 2]);
        const again = await writeChat(sink, first, 'chat_a', [1], [2, 3]);
        const totals = { chats: 2, records: 2 };
        const empty = { chatId: 'chat_empty', receipts: [] };
        for (const worker of [sink, sink, place.open()]) {
          expect(await worker.publish?.(first, [once, again, empty, empty])).toEqual({
            totals,
            healed: [],
            gone: 0,
            conflicts: 0,
            closed: false,
          });
          expect(await worker.publish?.(first, [again])).toEqual({
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
        await sink.publish?.(first, [await writeChat(sink, first, 'chat_a', [1])]);
        await sink.commit?.(first, completed(1, 1));
        const published = await sink.publish?.(second, [await writeChat(sink, second, 'chat_a', [2])]);
        expect(published?.totals).toEqual({ chats: 1, records: 1 });
        expect(await place.lines()).toHaveLength(2);
      });

      it('knows which chats an open window holds, also those without messages', async () => {
        await sink.publish?.(first, [await writeChat(sink, first, 'chat_a', [1]), { chatId: 'chat_b', receipts: [] }]);
        await writeChat(sink, first, 'chat_c', [1]);
        for (const worker of [sink, place.open()]) {
          const held = ['chat_a', 'chat_b', 'chat_c', '__proto__'].map(async (chatId) => worker.has?.(first, chatId));
          expect(await Promise.all(held)).toEqual([true, true, false, false]);
          expect(await worker.has?.(second, 'chat_a')).toBe(false);
        }
      });

      it('has no last window before one is completed', async () => {
        expect(await sink.last?.()).toBeNull();
        await sink.commit?.(first, { ...completed(0, 0), outcome: 'abandoned' });
        expect(await sink.last?.()).toBeNull();
      });

      it('tells every worker the last completed window', async () => {
        await sink.commit?.(first, completed(0, 0));
        await sink.commit?.(second, { ...completed(0, 0), outcome: 'abandoned' });
        expect(await place.open().last?.()).toEqual(first);
        await sink.commit?.({ ...second, epoch: 1 }, completed(0, 0));
        expect(await place.open().last?.()).toEqual({ ...second, epoch: 1 });
      });

      it('takes a window of no length, and the one after it', async () => {
        const begin = { epoch: 0, from: first.from, to: first.from };
        await sink.commit?.(begin, completed(0, 0));
        expect(await sink.last?.()).toEqual(begin);
        await sink.publish?.(first, [await writeChat(sink, first, 'chat_a', [1])]);
        await sink.commit?.(first, completed(1, 1));
        expect(await sink.last?.()).toEqual(first);
      });

      it('refuses to complete a window whose totals differ, until they are right', async () => {
        await sink.publish?.(first, [await writeChat(sink, first, 'chat_a', [1])]);
        await expect(sink.commit?.(first, completed(2, 1))).rejects.toThrow(SinkError);
        await expect(sink.commit?.(first, completed(1, 0))).rejects.toThrow(SinkError);
        expect(await sink.last?.()).toBeNull();
        await sink.publish?.(first, [await writeChat(sink, first, 'chat_b', [1])]);
        await sink.commit?.(first, completed(2, 2));
        expect(await sink.last?.()).toEqual(first);
      });

      it.each(['completed', 'abandoned'] as const)('changes nothing in a window that was %s', async (outcome) => {
        await sink.publish?.(first, [await writeChat(sink, first, 'chat_a', [1])]);
        await sink.commit?.(first, { ...completed(1, 1), outcome });
        const last = await sink.last?.();
        for (const worker of [sink, place.open()]) {
          const late = await writeChat(worker, first, 'chat_late', [1]);
          expect(await worker.publish?.(first, [late])).toEqual({
            totals: { chats: 1, records: 1 },
            healed: [],
            gone: 0,
            conflicts: 0,
            closed: true,
            ...(outcome === 'abandoned' && { abandoned: true }),
          });
          await worker.commit?.(first, { ...completed(5, 5), outcome: 'completed' });
          await worker.commit?.(first, { ...completed(5, 5), outcome: 'abandoned' });
        }
        expect(await place.lines()).toHaveLength(1);
        expect(await sink.last?.()).toEqual(last);
      });

      it('takes a window over one that was abandoned in its epoch', async () => {
        await sink.commit?.(first, { ...completed(0, 0), outcome: 'abandoned' });
        const longer = { ...first, to: second.to };
        await sink.publish?.(longer, [await writeChat(sink, longer, 'chat_a', [1])]);
        await sink.commit?.(longer, completed(1, 1));
        expect(await sink.last?.()).toEqual(longer);
      });

      it('refuses windows that it is beyond', async () => {
        await sink.commit?.({ ...second, epoch: 3 }, completed(0, 0));
        const stale = { code: 'STALE_WINDOW' };
        for (const window of [
          { ...first, epoch: 3 },
          { ...second, epoch: 2 },
          { ...second, epoch: 3, from: first.from },
        ]) {
          const late = await writeChat(sink, window, 'chat_late', [1]);
          await expect(sink.publish?.(window, [late])).rejects.toMatchObject(stale);
          await expect(sink.commit?.(window, completed(0, 0))).rejects.toMatchObject(stale);
          await expect(sink.commit?.(window, { ...completed(0, 0), outcome: 'abandoned' })).rejects.toMatchObject(
            stale,
          );
        }
        expect(await place.lines()).toEqual([]);
      });

      it('lets two workers take the same steps at once', async () => {
        const chats = [await writeChat(sink, first, 'chat_a', [1]), await writeChat(sink, first, 'chat_b', [1, 2])];
        const workers = [sink, place.open(), place.open()];
        const totals = { chats: 2, records: 3 };
        const published = await Promise.all(workers.map(async (worker) => worker.publish?.(first, chats)));
        expect(published).toEqual(workers.map(() => ({ totals, healed: [], gone: 0, conflicts: 0, closed: false })));
        await Promise.all(workers.map(async (worker) => worker.commit?.(first, completed(2, 3))));
        expect(await place.lines()).toHaveLength(3);
        expect(await sink.last?.()).toEqual(first);
      });
    }
  });
}
