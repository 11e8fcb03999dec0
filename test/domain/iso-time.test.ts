import fc from 'fast-check';
import { parseIsoTime } from '../../src/domain/iso-time';

describe('parseIsoTime', () => {
  it.each([
    ['2026-04-08', '2026-04-08T00:00:00.000Z'],
    ['2026-04-08T14:30', '2026-04-08T14:30:00.000Z'],
    ['2026-04-08T14:30:45', '2026-04-08T14:30:45.000Z'],
    ['2026-04-08T14:30:45Z', '2026-04-08T14:30:45.000Z'],
    ['2026-04-08t14:30:45z', '2026-04-08T14:30:45.000Z'],
    ['2026-04-08 14:30:45', '2026-04-08T14:30:45.000Z'],
    ['2026-04-08T14:30:45.123Z', '2026-04-08T14:30:45.000Z'],
    ['2026-04-08T14:30:45.999999Z', '2026-04-08T14:30:45.000Z'],
    ['2026-04-08T14:30:45.9999999999999', '2026-04-08T14:30:45.000Z'],
    ['2026-04-08T14:30:00+02:00', '2026-04-08T12:30:00.000Z'],
    ['2026-04-08T14:30:00+0200', '2026-04-08T12:30:00.000Z'],
    ['2026-04-08T23:30:00-01:30', '2026-04-09T01:00:00.000Z'],
    ['2026-04-08 14:30+05:45', '2026-04-08T08:45:00.000Z'],
    ['1969-12-31T23:59:59.500Z', '1969-12-31T23:59:59.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['0099-12-31', '0099-12-31T00:00:00.000Z'],
  ])('reads %s as %s', (text, expected) => {
    expect(parseIsoTime(text)).toBe(expected);
  });

  it.each([
    '',
    'yesterday',
    '1775658645',
    '2026',
    '2026-04',
    '2026-4-8',
    '08.04.2026',
    '04/08/2026',
    '2026-04-08T',
    '2026-04-08T14',
    '2026-04-08Z',
    '2026-04-08T14:30:45.',
    '2026-04-08T14:30:45 Z',
    ' 2026-04-08',
    '2026-04-08\n',
    '2026-00-08',
    '2026-13-08',
    '2026-04-00',
    '2026-04-31',
    '2026-02-29',
    '2026-02-30T12:00:00Z',
    '2026-04-08T25:00',
    '2026-04-08T14:60',
    '2026-04-08T14:30:61Z',
    '2026-04-08T14:30:45+2',
    '+012026-04-08',
  ])('takes %j for no time', (text) => {
    expect(parseIsoTime(text)).toBeUndefined();
  });

  const times = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });

  it('cuts every time to its whole second, also before 1970', () => {
    fc.assert(
      fc.property(times, (date) => {
        const read = Date.parse(parseIsoTime(date.toISOString()) ?? '');
        expect(read % 1000).toBe(read < 0 ? -0 : 0);
        expect(date.getTime() - read).toBeGreaterThanOrEqual(0);
        expect(date.getTime() - read).toBeLessThan(1000);
      }),
    );
  });

  it('reads what it wrote as the same', () => {
    fc.assert(
      fc.property(times, (date) => {
        const once = parseIsoTime(date.toISOString());
        expect(parseIsoTime(once ?? '')).toBe(once);
      }),
    );
  });
});
