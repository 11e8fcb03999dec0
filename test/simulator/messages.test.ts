import type { Block } from '../../simulator';
import { ANY_STRING } from './ask';
import { alphabet, BAD, NOON, NOT_FOUND, testRules, that, type Rule } from './rules';

const OF_A = '/apps/chats/a/messages';
const ODD = 'claude_chat_../%2e%2e?x=1#\u0000';
const hologram = JSON.parse('{"type":"hologram","__proto__":{"frames":[]}}') as Block;
const passedOn = { role: 'narrator', content: [hologram], files: [{ id: 'claude_file_1', filename: 'a/b.txt' }] };
const extra = { sentiment: { score: 1 } };
const FIRST = {
  id: 'a',
  role: 'user',
  created_at: '2026-09-02T12:00:00.000Z',
  content: [{ type: 'text', text: 'Message 1' }],
  files: null,
  generated_files: null,
  artifacts: null,
};
let listed: object | undefined;

testRules('the messages of a chat', OF_A, [
  [
    'come as documented, with the chat as the list shows it',
    ...['/apps/chats', that(({ body }) => (listed = body.data[0]))],
    'limit=2',
    that(({ body: { chat_messages, has_more, first_id, last_id, ...chat } }) => {
      expect(chat).toEqual(listed);
      expect([has_more, first_id, last_id]).toEqual([true, ANY_STRING, ANY_STRING]);
      const second = expect.objectContaining({ role: 'assistant', created_at: '2026-09-02T12:00:01.000Z' }) as unknown;
      expect(chat_messages).toEqual([FIRST, second]);
    }),
  ],
  [
    'come in one answer unless a limit is given',
    ({ tenant }) => Array.from({ length: 2_490 }, () => tenant.addMessage('a')),
    ...['', '2500', 'limit=1000', '1000…'],
  ],
  [
    'come in ascending order, go on with after_id and back with before_id',
    ...['limit=4', 'abcd…', 'limit=4&after_id={last_id}', 'efgh…', 'order=asc&after_id={last_id}', 'ij'],
    ...['limit=3&before_id={first_id}', 'fgh…'],
  ],
  [
    'come in descending order, too',
    ...['order=desc&limit=4', 'jihg…', 'order=desc&limit=4&after_id={last_id}', 'fedc…'],
    ...['order=desc&after_id={last_id}', 'ba', 'order=desc&limit=3&before_id={first_id}', 'edc…'],
  ],
  [
    'are in the order of their times, and of their ids within one instant',
    ({ tenant }) => Array.from('zxy').forEach((id) => tenant.addMessage('a', { id, at: NOON + 60e3 })),
    ({ tenant }) => tenant.addMessage('a', { id: 'early', at: NOON + 5, createdAt: NOON - 5 }),
    ...['', 'yabcdefghijxyz'],
  ],
  ['keep to created_at', 'created_at.gt=2026-09-02T12:00:00Z&created_at.lte=2026-09-02T12:00:03Z', 'bcd'],
  ['keep to updated_at', 'updated_at.gt=2026-09-02T12:00:00Z&updated_at.lte=2026-09-02T12:00:03Z', 'bcd'],
  ['refuse the cursor of a list of chats', '/apps/chats', 'abcdefgh', 'after_id={first_id}', BAD],
  ['refuse the cursor of another chat', 'limit=1', 'a…', '/apps/chats/b/messages?after_id={last_id}', BAD],
  [
    'pass on roles, blocks, fields and ids that nobody knows',
    ({ tenant }) => tenant.addChat({ id: ODD, extra: { mood: 'calm' } }),
    ({ tenant }) => tenant.addMessage(ODD, { ...passedOn, extra }),
    `/apps/chats/${encodeURIComponent(ODD)}/messages`,
    that(({ body }) => {
      expect(body).toMatchObject({ id: ODD, mood: 'calm', chat_messages: [{ ...passedOn, ...extra }] });
      expect(JSON.stringify(body.chat_messages[0]?.content)).toBe(JSON.stringify([hologram]));
    }),
  ],
  ['are not found of an unknown chat', '/apps/chats/claude_chat_unknown/messages', NOT_FOUND],
  [
    'are not found of a hard-deleted chat',
    ({ tenant }) => tenant.hardDeleteChat('a'),
    ...['', NOT_FOUND, '/apps/chats', 'bcdefgh'],
  ],
]);

const REFUSED = `limit=0 limit=1001 limit=x order=up order_by=created_at after_id=nonsense tool_result_max_chars=-2
  tool_use_input_max_chars=many created_at.gt=noon user_ids[]=user_1`;
testRules(
  'refused',
  OF_A,
  REFUSED.split(/\s+/).map((query): Rule => [query, query, BAD]),
);

const input = JSON.stringify({ text: 'x'.repeat(11_000) });
const longText = '🙂'.repeat(6_000) + 'y'.repeat(6_000);
const texts = (...some: string[]): object[] => some.map((text) => ({ type: 'text', text }));
const uses = (...blocks: object[]): object => ({ body: { chat_messages: [{ content: blocks }] } });
const WHOLE_USE = { input, truncated: false };
const CUT_USE = { input: input.slice(0, 10_000), truncated: true };
const WHOLE_RESULT = { content: texts(longText, 'tail'), truncated: false };
const CUT_RESULT = { content: texts('🙂'.repeat(6_000) + 'y'.repeat(4_000), ''), truncated: true };
const SHORT = { input: '{}', truncated: false };
const LAST = 'order=desc&limit=1';

testRules(
  'tool blocks',
  OF_A,
  [
    ['are cut to 10,000 characters, never within one, and say so', LAST, uses(CUT_USE, CUT_RESULT, SHORT)],
    ['have a parameter for results', `${LAST}&tool_result_max_chars=-1`, uses(CUT_USE, WHOLE_RESULT, SHORT)],
    ['have a parameter for uses', `${LAST}&tool_use_input_max_chars=-1`, uses(WHOLE_USE, CUT_RESULT, SHORT)],
    ['are cut to a length', `${LAST}&tool_use_input_max_chars=1`, uses({ input: '{' }, CUT_RESULT, { input: '{' })],
    [
      'come in full with -1',
      `${LAST}&tool_result_max_chars=-1&tool_use_input_max_chars=-1`,
      uses(WHOLE_USE, WHOLE_RESULT, SHORT),
    ],
  ],
  () => {
    const tenant = alphabet();
    const result = { type: 'tool_result', tool_use_id: 'toolu_1', name: 'search', is_error: false };
    const [use, short] = ['toolu_1', null].map((id) => ({ type: 'tool_use', id, name: 'search' }));
    const content = [
      { ...use!, input },
      { ...result, content: texts(longText, 'tail') },
      { ...short!, input: '{}' },
    ];
    tenant.addMessage('a', { at: NOON + 60e3, content });
    return { tenant };
  },
);
