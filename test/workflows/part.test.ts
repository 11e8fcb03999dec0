import type { Emitted } from '../../src/activities/types';
import { createPart } from '../../src/workflows/part';
import type { Policy } from '../../src/config/policy';

const window = { epoch: 0, from: '2026-04-08T00:00:00.000Z', to: '2026-04-09T00:00:00.000Z' };
const filters = { organizationIds: [], projectIds: [], userIds: [] };
const policy = { messages: 'new', pageSize: 1000, sink: 'file', ...filters } as unknown as Policy;
const MIB = 1024 ** 2;

function emitted(bytes: number): Emitted {
  const receipt = bytes > 0 ? { name: 'r', records: 1, bytes, sha256: '' } : null;
  const counts = { violations: 0, conflicts: 0, unexplained: false, requests: 1, limit: 1000 };
  return { ...counts, receipt, owner: null, place: null, nextAfterId: null, cursorRefused: false, gone: bytes < 0 };
}

function partOf(bytes: number) {
  const published: unknown[] = [];
  const part = createPart(
    {
      emitMessages: () => Promise.resolve(emitted(bytes)),
      publishPart: (request) => {
        published.push(request);
        return Promise.resolve({ totals: request.totals, healed: [], gone: 1, conflicts: 0, closed: false });
      },
    },
    policy,
    window,
    {
      after: () => () => undefined,
      progress: () => undefined,
      scope: () => ({ run: (work) => work(), cancel: () => undefined }),
    },
  );
  return { part, published };
}

test.each([
  [64 * MIB, 16],
  [1024 * MIB, 1],
  [3000 * MIB, 1],
])('chats of %d bytes make a part full after %d', async (bytes, chats) => {
  const { part } = partOf(bytes);
  for (let count = 0; !part.isFull(); count += 1) {
    expect(count).toBeLessThan(chats);
    await part.add(`chat_${count}`);
  }
  expect(part.read).toHaveLength(chats);
});

test('chats that are gone are published without any other', async () => {
  const { part, published } = partOf(-1);
  await part.add('chat_gone');
  expect(await part.publish({ chats: 0, records: 0, gone: 0, conflicts: 0 })).toMatchObject({ gone: 1 });
  expect(published).toMatchObject([{ chats: [], gone: ['chat_gone'] }]);
});
