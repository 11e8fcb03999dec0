import fc from 'fast-check';
import type { Trail } from '../../src/domain/checkpoint';
import { EndlessList, follow, followOn, type PassedPage } from '../../src/workflows/trail';

/** After how many pages a circle is noticed; null: after none of these. */
function noticedAfter(pages: Iterable<PassedPage>): number | null {
  let trail: Trail | undefined;
  let passed = 0;
  for (const page of pages) {
    passed += 1;
    const followed = follow(trail, page);
    if (followed === 'circle') return passed;
    trail = followed;
  }
  return null;
}

function* turning(before: number, length: number, name: (n: number, place: number) => PassedPage) {
  for (let n = 0; ; n++) yield name(n, n < before ? n : before + ((n - before) % length));
}

const sameCursors = (_n: number, place: number): PassedPage => ({ cursor: `c${place}`, place: `p${place}` });
const newCursors = (n: number, place: number): PassedPage => ({ cursor: `c${n}`, place: `p${place}` });

test('a circle is noticed within three times its length, wherever it begins, under new cursors too', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.integer({ min: 1, max: 60 }), (before, length) => {
      for (const name of [sameCursors, newCursors]) {
        expect(noticedAfter(turning(before, length, name))).toBeLessThanOrEqual(
          3 * Math.max(before + 1, length) + length + 1,
        );
      }
    }),
    { seed: 20261125 },
  );
});

test('a list without a circle is followed however long it is', () => {
  const pages = Array.from({ length: 20_000 }, (_, n) => ({ cursor: `c${n}`, place: n % 7 === 0 ? null : `p${n}` }));
  expect(noticedAfter(pages)).toBeNull();
});

test('pages without an item are passed, but not without an end', () => {
  const empty = (n: number): PassedPage => ({ cursor: `c${n}`, place: null });
  expect(noticedAfter(Array.from({ length: 100 }, (_, n) => empty(n)))).toBeNull();
  expect(noticedAfter(Array.from({ length: 200 }, (_, n) => empty(n)))).toBe(101);
  expect(() =>
    followOn(
      'users',
      { cursor: 'c', place: 'p', steps: 0, mark: 1, emptyPages: 0 },
      { cursor: 'c', place: null, requestId: 'req_1' },
    ),
  ).toThrow(EndlessList);
});
