import { growing } from '../../src/workflows/page-size';

/** The sizes that are asked for, where the server takes `most(page)`. */
function sizes(pages: number, first: number, most: (page: number) => number): number[] {
  const size = growing(1000, first);
  return Array.from({ length: pages }, (_, page) => {
    const asked = size.next();
    size.took(Math.min(asked, most(page)));
    return asked;
  });
}

test('a size that was reduced doubles after four pages each, up to the whole', () => {
  expect(sizes(46, 1, () => Infinity).filter((_, page) => page % 4 === 0)).toEqual([
    1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000,
  ]);
});

test('a server that takes no more than that is asked for more ever less often', () => {
  const asked = sizes(1000, 1000, () => 100).filter((size) => size > 100);
  expect(asked.length).toBeLessThan(10);
  expect(sizes(40, 1000, (page) => (page === 0 ? 250 : Infinity)).at(-1)).toBe(1000);
});
