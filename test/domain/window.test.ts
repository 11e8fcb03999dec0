import fc from 'fast-check';
import { clockSkew, followsLedger, openWindow, type WindowFacts } from '../../src/domain/window';

const NOON = '2026-04-08T12:00:00.000Z';
const MORNING = '2026-04-08T08:00:00.000Z';

function facts(other: Partial<WindowFacts>): WindowFacts {
  const now = Date.parse(NOON);
  return { epoch: 3, syncedThrough: null, backfillStart: null, now, serverTime: null, settleSeconds: 0, ...other };
}

describe('openWindow', () => {
  it.each<[string, Partial<WindowFacts>, string, string]>([
    ['from the timestamp to now', { syncedThrough: MORNING }, MORNING, NOON],
    ['from the start of the backfill, without a timestamp', { backfillStart: MORNING }, MORNING, NOON],
    [
      'from the timestamp, whatever the start of the backfill',
      { syncedThrough: MORNING, backfillStart: '2020-01-01T00:00:00.000Z' },
      MORNING,
      NOON,
    ],
    ['that is empty and ends at now, without either', {}, NOON, NOON],
    ['that is empty and ends the settle time before now', { settleSeconds: 60 }, '2026-04-08T11:59:00.000Z', ''],
    [
      'that ends the settle time before now',
      { syncedThrough: MORNING, settleSeconds: 90 },
      MORNING,
      '2026-04-08T11:58:30.000Z',
    ],
    [
      "to the server's clock where that is behind",
      { syncedThrough: MORNING, serverTime: '2026-04-08T11:00:00Z' },
      MORNING,
      '2026-04-08T11:00:00.000Z',
    ],
    [
      "to our clock where the server's is ahead",
      { syncedThrough: MORNING, serverTime: '2026-04-08T13:00:00Z' },
      MORNING,
      NOON,
    ],
    ['that ends on a whole second', { syncedThrough: MORNING, now: Date.parse(NOON) + 999 }, MORNING, NOON],
    ['that begins on a whole second', { syncedThrough: '2026-04-08T08:00:00.999Z' }, MORNING, NOON],
  ])('opens one %s', (_title, given, from, to) => {
    expect(openWindow(facts(given))).toEqual({ epoch: 3, from, to: to === '' ? from : to });
  });

  it.each<[string, Partial<WindowFacts>]>([
    ['at the timestamp itself', { syncedThrough: NOON }],
    ['within the second of the timestamp', { syncedThrough: NOON, now: Date.parse(NOON) + 999 }],
    ['until the settle time has passed', { syncedThrough: '2026-04-08T11:59:30.000Z', settleSeconds: 60 }],
    ['where our clock went back', { syncedThrough: NOON, now: Date.parse(MORNING) }],
    [
      "where the server's clock went back",
      { syncedThrough: NOON, now: Date.parse(NOON) + 60_000, serverTime: MORNING },
    ],
    ['where the backfill begins later', { backfillStart: NOON, now: Date.parse(MORNING) }],
  ])('has nothing to do %s', (_title, given) => {
    expect(openWindow(facts(given))).toBeNull();
  });

  const ms = fc.integer({ min: Date.parse('2000-01-01'), max: Date.parse('2100-01-01') });
  const time = ms.map((at) => new Date(at).toISOString());
  const maybe = fc.option(time, { nil: null });
  const syncs = fc.array(
    fc.record({ now: ms, serverTime: maybe, settleSeconds: fc.integer({ min: 0, max: 86_400 }), backfillStart: maybe }),
    { minLength: 1, maxLength: 30 },
  );

  it('follows the window before it without a gap or an overlap, whatever the clocks do', () => {
    fc.assert(
      fc.property(syncs, maybe, (asked, syncedThrough) => {
        let end = syncedThrough;
        for (const sync of asked) {
          const window = openWindow({ epoch: 0, ...sync, syncedThrough: end });
          if (window === null) continue;
          const start = end ?? sync.backfillStart ?? window.to;
          expect(Date.parse(window.from)).toBe(Math.floor(Date.parse(start) / 1000) * 1000);
          expect(Date.parse(window.to)).toBeGreaterThanOrEqual(Date.parse(window.from));
          if (end !== null) expect(Date.parse(window.to)).toBeGreaterThan(Date.parse(end) - 1000);
          expect(followsLedger(window, end === null ? null : { epoch: 0, from: window.from, to: window.from })).toBe(
            true,
          );
          end = window.to;
        }
      }),
    );
  });

  it('never ends after either clock less the settle time, nor off a whole second', () => {
    fc.assert(
      fc.property(syncs, maybe, (asked, syncedThrough) => {
        for (const sync of asked) {
          const window = openWindow({ epoch: 0, ...sync, syncedThrough });
          if (window === null) continue;
          const to = Date.parse(window.to);
          const clocks = [sync.now, ...(sync.serverTime === null ? [] : [Date.parse(sync.serverTime)])];
          for (const clock of clocks) expect(to).toBeLessThanOrEqual(clock - sync.settleSeconds * 1000);
          expect(Math.min(...clocks) - sync.settleSeconds * 1000 - to).toBeLessThan(1000);
          expect([to % 1000, Date.parse(window.from) % 1000]).toEqual([0, 0]);
          expect(window).toEqual({
            epoch: 0,
            from: new Date(window.from).toISOString(),
            to: new Date(to).toISOString(),
          });
        }
      }),
    );
  });
});

describe('clockSkew', () => {
  it.each([
    ['2026-04-08T12:00:05Z', 5000],
    ['2026-04-08T11:59:00Z', -60_000],
    [NOON, 0],
    [null, 0],
  ])('is what the server at %s is ahead of us: %i', (serverTime, expected) => {
    expect(clockSkew(Date.parse(NOON), serverTime)).toBe(expected);
  });
});

describe('followsLedger', () => {
  const window = { epoch: 3, from: MORNING, to: NOON };
  const [night, early, late] = ['2026-04-08T00:00:00.000Z', '2026-04-08T07:00:00.000Z', '2026-04-08T09:00:00.000Z'];

  it.each([
    [true, 'there is none', null],
    [true, 'it ends where this begins', { epoch: 3, from: night, to: MORNING }],
    [true, 'it was empty', { epoch: 3, from: MORNING, to: MORNING }],
    [true, 'it ends in the same instant, written otherwise', { epoch: 3, from: night, to: '2026-04-08T08:00:00Z' }],
    [true, 'it belongs to an older epoch and ends later', { epoch: 2, from: night, to: '2027-01-01T00:00:00.000Z' }],
    [true, 'it belongs to an older epoch and is the same', { epoch: 2, from: MORNING, to: NOON }],
    [true, 'it is this one', { ...window }],
    ['behind', 'it is this one in a later epoch', { ...window, epoch: 4 }],
    ['hole', 'it belongs to a later epoch and ends earlier', { epoch: 4, from: night, to: early }],
    ['behind', 'it ends after this begins', { epoch: 3, from: night, to: late }],
    ['behind', 'it begins with this and ends earlier', { epoch: 3, from: MORNING, to: late }],
    ['behind', 'it begins with this and ends later', { epoch: 3, from: MORNING, to: '2026-04-08T13:00:00.000Z' }],
    ['behind', 'it begins earlier and ends with this', { epoch: 3, from: night, to: NOON }],
    ['behind', 'it comes after this', { epoch: 3, from: NOON, to: '2026-04-08T13:00:00.000Z' }],
    ['hole', 'it ends before this begins', { epoch: 3, from: night, to: early }],
  ])('says %s where %s', (verdict, _title, last) => {
    expect(followsLedger(window, last)).toBe(verdict);
  });
});
