import { stripVTControlCharacters } from 'node:util';
import { graded } from '../../src/text/grade';

const colours = { isTTY: true, hasColors: () => true };
const LINES = [
  ['ok    key: is valid', '\u001b[32mok\u001b[39m    key: is valid'],
  ['completed: a to b', '\u001b[32mcompleted\u001b[39m: a to b'],
  ['  warning: 2 chats', '\u001b[33m  warning\u001b[39m: 2 chats'],
  ['fail  settings: SOURCE', '\u001b[31mfail\u001b[39m  settings: SOURCE'],
  ['wrong: line 12', '\u001b[31mwrong\u001b[39m: line 12'],
] as const;

test.each(LINES)('%s says how it went, in colour on a terminal', (line, coloured) => {
  expect(graded(line, colours)).toBe(coloured);
  expect(stripVTControlCharacters(coloured)).toBe(line);
});

test.each(['{"outcome":"completed"}', 'source okapi: synced', 'failing chats', 'last sync:'])(
  '%s stays as it is',
  (line) => expect(graded(line, colours)).toBe(line),
);

test.each([
  ['a file or pipe', {}],
  ['NO_COLOR, or a terminal without colours', { isTTY: true, hasColors: () => false }],
])('nothing is coloured for %s', (_what, stream) => {
  for (const [line] of LINES) expect(graded(line, stream as never)).toBe(line);
});
