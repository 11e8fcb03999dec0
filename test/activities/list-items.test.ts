import { fittingItems, placeOf } from '../../src/activities/list-items';
import { listedChatSchema } from '../../src/compliance-api/schemas';

const good = { id: 'claude_chat_1', created_at: 'yesterday', updated_at: null, more: { of: 'it' } };

test.each<[string, unknown, string]>([
  ['an empty id', { id: '' }, 'id'],
  ['an id of 30,000 characters', { id: 'x'.repeat(30_000) }, 'id'],
  ['no id', { updated_at: '2026-09-10T12:00:00Z' }, 'id'],
  ['a number as its id', { id: 7 }, 'id'],
  ['a user that is none', { id: 'claude_chat_2', user: 'secret' }, 'user'],
  ['a user without an id', { id: 'claude_chat_2', user: { secret: 1 } }, 'user.id'],
  ['a project that is none', { id: 'claude_chat_2', project_id: ['secret'] }, 'project_id'],
  ['nothing', null, 'the whole'],
  ['text', 'secret', 'the whole'],
  ['a list', [['secret']], 'the whole'],
])('an item with %s is told from the others, by our own names alone', (_what, odd, at) => {
  const items = fittingItems([good, odd, good, odd], listedChatSchema, 'req_1');

  expect(items.fitting).toEqual([good, good]);
  expect(items.odd).toBe(`item 1 of a page is not what was promised, at ${at} (request-id req_1)`);
  expect(fittingItems([good], listedChatSchema, null)).toEqual({ fitting: [good], named: [], odd: null });
});

test('a place has a name of its own, short whatever it is, and a page without items has none', () => {
  expect(placeOf(undefined, undefined)).toBeNull();
  expect(placeOf('a', 'b')).toMatch(/^[0-9a-f]{16}$/);
  expect(new Set([placeOf('a', 'b'), placeOf('b', 'a'), placeOf('ab'), placeOf('a', undefined)]).size).toBe(4);
});
