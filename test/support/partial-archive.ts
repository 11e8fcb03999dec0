import type { Archive } from '../../src/archive/archive';

const refused = (): Promise<never> => Promise.reject(new Error('the test has no use for this method'));

/** An archive of which a test uses a few methods only. */
export const partialArchive = (methods: Partial<Archive>): Archive => ({
  write: refused,
  publish: refused,
  commit: refused,
  record: refused,
  holds: refused,
  last: refused,
  unfinished: refused,
  has: () => Promise.resolve(false),
  check: () => Promise.resolve(),
  id: refused,
  claim: refused,
  missing: refused,
  ...methods,
});
