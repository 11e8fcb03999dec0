import { createPace } from '../../src/workflows/pace';

test('the pace is that of the last minute, without what was waited for before', () => {
  let at = Date.parse('2026-11-26T12:00:00Z');
  const paceOf = createPace(() => at);
  let chats = 0;
  const after = (seconds: number, more: number): number | null => {
    at += seconds * 1000;
    chats += more;
    return paceOf({ running: {}, unfinished: undefined }, chats);
  };
  expect(after(0, 0)).toBeNull();
  expect(after(1, 4)).toBeNull();
  expect(after(9, 36)).toBe(4);
  // A worker that was away for an hour.
  expect(after(3600, 0)).toBeNull();
  expect(after(5, 20)).toBe(4);
  for (let second = 0; second < 120; second += 1) after(1, 2);
  expect(after(0, 0)).toBe(2);
  // And an outage.
  expect(after(61, 0)).toBeNull();
  expect(paceOf({ running: undefined, unfinished: undefined }, chats)).toBeNull();
});
