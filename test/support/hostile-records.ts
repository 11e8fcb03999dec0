import { recordOf } from './made-archive';

/** What must never be seen in an error, a log or a history. */
export const CANARY = 'canary-7f3a';

/** A record with a field written as it stands, which JSON.stringify would not write so. */
const withRaw = (id: string, name: string, json: string): string =>
  recordOf(id, { [name]: '@@' }).replace('"@@"', () => json);

/** Records that servers and clients are known to stumble on: each is valid JSON, and has to arrive as it is. */
export const hostileRecords = (): Record<string, string> => ({
  nul: recordOf('h-nul', { content: [{ type: 'text', text: `a\u0000b ${CANARY}` }], chat_name: 'with \u0000' }),
  'backslash-u-as-text': recordOf('h-escaped', { content: [{ type: 'text', text: 'not a NUL: \\u0000 \\\\u0000' }] }),
  'lone surrogate': withRaw('h-surrogate', 'content', '[{"type":"text","text":"\\ud800 alone"}]'),
  '64-bit number': withRaw('h-long', 'seen', '9007199254740993'),
  'number of any size': withRaw('h-large', 'seen', '1e400'),
  'prototype names': withRaw('h-proto', 'extra', '{"__proto__":{"a":1},"constructor":null}'),
  'top-level _id': recordOf('h-id', { _id: 'mine', _source: {}, index: 'x' }),
  'odd names': withRaw('h-names', 'extra', '{"":1,"a.b":2,"..":3," ":4}'),
  'field of another type': recordOf('h-type', { content: `just text ${CANARY}`, role: null }),
  nested: withRaw('h-deep', 'extra', `${'['.repeat(200)}1${']'.repeat(200)}`),
  'no time': recordOf('h-time', { created_at: 'yesterday' }),
  'leap second': recordOf('h-leap', { created_at: '2026-06-30T23:59:60Z' }),
  'long text': recordOf('h-text', { content: [{ type: 'text', text: 'wide \u{1f600} '.repeat(20_000) }] }),
});
