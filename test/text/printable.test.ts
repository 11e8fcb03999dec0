import { printable } from '../../src/text/printable';

test.each([
  ['claude_chat_ä 😀', 'claude_chat_ä 😀'],
  ['a\u001b[31mred\nnext', String.raw`a\u001b[31mred\u000anext`],
  ['\u009b31m\u007f', String.raw`\u009b31m\u007f`],
  ['\u202egnp.exe \u2028', String.raw`\u202egnp.exe \u2028`],
  ['half \ud83d', String.raw`half \ud83d`],
])('%j is printed so that it stays on its line and commands nothing', (text, shown) => {
  expect(printable(text)).toBe(shown);
});
