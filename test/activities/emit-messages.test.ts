import { partialArchive } from '../support/partial-archive';
import type { Attempt } from '../../src/activities/attempt';
import { emitMessages } from '../../src/activities/emit-messages';
import type { Emitted, EmitRequest } from '../../src/activities/types';
import { clientOf, closeAll, json, serve } from '../compliance-api/local-server';
import { message, messagePage } from '../compliance-api/samples';
import { noArchivedChats } from '../support/no-archived-chats';
import { parse, type ParsedRecord } from '../support/parsed-record';

afterEach(closeAll);

const span = { from: '2026-04-08T00:00:00Z', to: '2026-04-09T00:00:00Z' };

/** What comes out of a page, and what is said of it. */
async function emit(page: object, request: Partial<EmitRequest> = {}): Promise<Emitted & { records: ParsedRecord[] }> {
  const { url } = await serve(json(page));
  const records: ParsedRecord[] = [];
  const attempt: Attempt = {
    api: clientOf(url),
    archive: partialArchive({
      write: async (batch) => {
        records.push(...[...batch.records].map(parse));
        return { name: 'x', records: records.length, bytes: 0, sha256: '' };
      },
    }),
    chats: noArchivedChats,
    limit: 1000,
    archiveFailed: false,
    signal: new AbortController().signal,
    requests: () => 1,
    request: (call) => call({ signal: new AbortController().signal }),
  };
  const emitted = await emitMessages(
    {
      window: { epoch: 0, ...span },
      span,
      chatId: 'claude_chat_1',
      parked: false,
      wantsOwner: false,
      afterId: null,
      messages: 'new',
      pageSize: 1000,
      ...request,
    },
    attempt,
  );
  return { ...emitted, records };
}

describe('content', () => {
  const full = [[{ type: 'text' }], [null], '', 'a text', {}, { type: 'text' }, 0];
  const empty = [[], null, undefined];
  const shown = [...full, [], null, null];
  async function emitted(messages: EmitRequest['messages'], deleted_at: string | null): Promise<unknown[]> {
    const given = [...full, ...empty].map((content, index) => ({ ...message, id: `m${index}`, content }));
    const { records } = await emit({ ...messagePage(...given), deleted_at }, { messages });
    return records.map((record) => record.content);
  }

  test('of whatever shape comes out', async () => {
    expect(await emitted('new', null)).toEqual(shown);
    expect(await emitted('new', message.created_at)).toEqual(shown);
    expect(await emitted('all', null)).toEqual(shown);
  });

  test('that a deleted chat has not is left out with MESSAGES=all, and nothing else', async () => {
    expect(await emitted('all', message.created_at)).toEqual(full);
  });
});

describe('a message that comes again in a page', () => {
  const other = { ...message, content: [{ type: 'text', text: 'altered' }] };
  const next = { ...message, id: 'next' };
  it.each([
    ['once, and is no conflict, where it is the same', [message, next, message, message], 0],
    ['as it came first, and is a conflict for each time it came otherwise', [message, next, other, message, other], 2],
    ['as it came first also where that is the empty one', [{ ...message, content: [] }, message, next], 1],
    [
      'without a word of one that is not of the window',
      [{ ...other, created_at: '2026-05-01T00:00:00Z' }, message, next],
      0,
    ],
  ])('comes out %s', async (_title, messages, conflicts) => {
    const emitted = await emit(messagePage(...messages));
    const [first] = messages.filter(({ created_at }) => created_at === message.created_at);
    expect(emitted.records.map(({ id, content }) => [id, content])).toEqual([
      [message.id, first?.content],
      ['next', message.content],
    ]);
    expect(emitted).toMatchObject({ conflicts, receipt: { records: 2 } });
  });
});

describe('the time of a message', () => {
  const at = (created_at: string, index: number) => ({ ...message, id: `m${index}`, created_at });
  const idsOf = async (times: string[], window: { from: string; to: string }) =>
    (await emit(messagePage(...times.map(at)), { span: window })).records.map(({ created_at }) => created_at);

  it('is taken in whatever way of RFC 3339 it is written, and comes out so', async () => {
    const times = [
      '2026-04-08T00:00:00.000000000000000000001Z',
      '2026-04-08t12:00:00z',
      '2026-04-08T23:59:59.9999999999-00:00',
      '2026-04-09T05:44:59+05:45',
    ];
    expect(await idsOf(['2026-04-07T23:59:59.99999Z', ...times, '2026-04-09T05:45:00+05:45'], span)).toEqual(times);
  });

  it('is, within a leap second, that of the second that follows: it comes out in one window and no other', async () => {
    const leap = '2026-06-30T23:59:60Z';
    const midnight = '2026-07-01T00:00:00Z';
    expect(await idsOf([leap], { from: '2026-06-30T00:00:00Z', to: midnight })).toEqual([]);
    expect(await idsOf([leap], { from: midnight, to: '2026-07-02T00:00:00Z' })).toEqual([leap]);
  });

  it('may be the first of all', async () => {
    const first = '0001-01-01T00:00:00Z';
    expect(await idsOf([first], { from: first, to: '2026-04-09T00:00:00Z' })).toEqual([first]);
  });

  it.each([
    ['2026-04-08T14:30:44Z', 1],
    ['2026-04-08t14:30:45.000z', 0],
    ['yesterday', 0],
    [7, 0],
  ])('is compared with the time of the chat where that is one: %j', async (updated_at, violations) => {
    expect(await emit({ ...messagePage(message), updated_at })).toMatchObject({ violations, receipt: { records: 1 } });
  });
});

test.each([
  ['in the span', '2026-04-08T09:00:00Z', true],
  ['before it: the answer is older than the list, which said that it changed since', '2026-04-01T09:00:00Z', true],
  ['a second before it, as some servers round', '2026-04-07T23:59:59Z', false],
  ['after it', '2026-04-10T09:00:00Z', false],
])('a chat without a message of the span that changed %s', async (_when, updated_at, unexplained) => {
  expect(await emit({ ...messagePage(), created_at: '2026-03-01T00:00:00Z', updated_at })).toMatchObject({
    unexplained,
  });
});
