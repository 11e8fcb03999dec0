import type { Emitted, EmitRequest } from '../../src/activities/types';
import { readChat } from '../../src/workflows/read-chat';

const span = { from: '2026-04-08T00:00:00.000Z', to: '2026-04-09T00:00:00.000Z' };
const request: Omit<EmitRequest, 'afterId'> = {
  window: { epoch: 0, ...span },
  chatId: 'chat_1',
  span,
  parked: false,
  wantsOwner: false,
  messages: 'new',
  pageSize: 1000,
};

/** A chat of so many pages, each with a cursor and a message of its own. */
function chatOf(pages: number) {
  let asked = 0;
  const emitMessages = (): Promise<Emitted> => {
    asked += 1;
    return Promise.resolve({
      receipt: { name: `r${asked}`, records: 1, bytes: 1, sha256: '' },
      owner: null,
      place: `message ${asked}`,
      nextAfterId: asked < pages ? `cursor ${asked}` : null,
      limit: 1000,
      cursorRefused: false,
      gone: false,
      violations: 0,
      conflicts: 0,
      unexplained: false,
      requests: 1,
    });
  };
  return { emitMessages, asked: () => asked };
}

test('a chat of a thousand pages is read', async () => {
  expect((await readChat(chatOf(1000), request)).receipts).toHaveLength(1000);
});

test('one that goes on and on, with new messages each time, is given up by name', async () => {
  const endless = chatOf(Infinity);
  await expect(readChat(endless, request)).rejects.toMatchObject({
    type: 'ChatUnreadable',
    message: expect.stringMatching(/^chat chat_1: .*more than 1000 pages/) as unknown,
    details: [{ chatIds: ['chat_1'] }],
  });
  expect(endless.asked()).toBe(1000);
});
