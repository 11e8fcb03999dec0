import { parseInterval } from '../../src/config/values';

describe('parseInterval', () => {
  it.each([
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['0s', undefined],
    ['-5m', undefined],
    ['1.5h', undefined],
    ['5', undefined],
    ['5 m', undefined],
    ['5M', undefined],
    ['5ms', undefined],
    ['05m', undefined],
    ['', undefined],
  ])('reads %j as %s', (text, ms) => {
    expect(parseInterval(text)).toBe(ms);
  });
});
