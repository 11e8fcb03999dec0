import { createPart } from '../../src/workflows/part';
import type { StagedChat } from '../../src/workflows/read-chat';

const window = { epoch: 0, from: '2026-04-08T00:00:00.000Z', to: '2026-04-09T00:00:00.000Z' };
const MIB = 1024 ** 2;
const NONE = { chats: 0, records: 0, gone: 0, conflicts: 0 };

const staged = (chatId: string, bytes: number): StagedChat => ({
  chatId,
  receipts: bytes > 0 ? [{ name: 'r', records: 1, bytes, sha256: '' }] : [],
  gone: bytes < 0,
  owner: null,
  conflicts: 0,
  unexplained: false,
});

function emptyPart() {
  const published: unknown[] = [];
  const timers: (() => void)[] = [];
  const part = createPart(
    {
      publishPart: (request) => {
        published.push(request);
        return Promise.resolve({ totals: request.totals, healed: [], gone: 1, conflicts: 0, closed: false });
      },
    },
    window,
    {
      after: (_ms, run) => {
        timers.push(run);
        return () => undefined;
      },
      progress: () => undefined,
    },
  );
  return { part, published, timers };
}

test.each([
  [64 * MIB, 16],
  [1024 * MIB, 1],
  [3000 * MIB, 1],
])('a part is due when chats of %d bytes make a gigabyte: %d', (bytes, chats) => {
  const { part } = emptyPart();
  for (let count = 0; !part.isDue(); count += 1) {
    expect(count).toBeLessThan(chats);
    part.take(staged(`chat_${count}`, bytes));
  }
  expect(part.read).toHaveLength(chats);
});

test('a part is due when it has been open for long, from the first chat that was read on', () => {
  const { part, timers } = emptyPart();
  part.take(staged('chat_gone', -1));
  expect(timers).toHaveLength(0);
  for (const chatId of ['chat_1', 'chat_2']) part.take(staged(chatId, 1));
  expect(timers).toHaveLength(1);
  const dueAt: boolean[] = [];
  part.onDue(() => dueAt.push(part.isDue()));
  expect(part.isDue()).toBe(false);
  timers[0]?.();
  expect(dueAt).toEqual([true]);
});

test('chats that are gone are published without any other, but for those of which that is not believed', async () => {
  const { part, published } = emptyPart();
  part.take(staged('chat_gone', -1));
  expect(await part.publish(NONE, ['chat_gone'])).toMatchObject({ gone: 0 });
  expect(published).toEqual([]);
  expect(await part.publish(NONE, [])).toMatchObject({ gone: 1 });
  expect(published).toMatchObject([{ chats: [], gone: ['chat_gone'] }]);
});
