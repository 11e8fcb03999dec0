import type { Attempt } from '../../src/activities/attempt';
import { emitMessages } from '../../src/activities/emit-messages';
import type { EmitRequest } from '../../src/activities/types';
import type { MessageRecord } from '../../src/record';
import { clientOf, closeAll, json, serve } from '../compliance-api/local-server';
import { message, messagePage } from '../compliance-api/samples';

afterEach(closeAll);

const span = { from: '2026-04-08T00:00:00Z', to: '2026-04-09T00:00:00Z' };

/** The content of what comes out of a chat whose messages have these contents. */
async function emitted(messages: EmitRequest['messages'], deleted_at: string | null, contents: unknown[]) {
  const given = contents.map((content, index) => ({ ...message, id: `m${index}`, content }));
  const { url } = await serve(json({ ...messagePage(...given), deleted_at }));
  const records: MessageRecord[] = [];
  const attempt: Attempt = {
    api: clientOf(url),
    sink: {
      name: 'memory',
      write: async (batch) => {
        records.push(...batch.records);
        return { name: 'x', records: batch.records.length, bytes: 0, sha256: '' };
      },
    },
    limit: 1000,
    sinkFailed: false,
    requests: () => 1,
    request: (call) => call({ signal: new AbortController().signal }),
  };
  const chat = { chatId: 'claude_chat_1', span, parked: false, wantsOwner: false, afterId: null };
  await emitMessages({ window: { epoch: 0, ...span }, ...chat, messages, pageSize: 1000, sink: 'memory' }, attempt);
  return records.map((record) => record.content);
}

const full = [[{ type: 'text' }], [null], '', 'a text', {}, { type: 'text' }, 0];
const empty = [[], null, undefined];
const shown = [...full, [], null, null];

test('content of whatever shape comes out', async () => {
  expect(await emitted('new', null, [...full, ...empty])).toEqual(shown);
  expect(await emitted('new', message.created_at, [...full, ...empty])).toEqual(shown);
  expect(await emitted('all', null, [...full, ...empty])).toEqual(shown);
});

test('with MESSAGES=all what a deleted chat has without content is left out, and nothing else', async () => {
  expect(await emitted('all', message.created_at, [...full, ...empty])).toEqual(full);
});
