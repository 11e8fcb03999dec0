const { default: Sequencer } = require('@jest/test-sequencer');

/** The longest first, so that none of them is left over at the end: by their folders, since a fresh clone has no times yet. */
const ORDER = [/chaos/, /e2e/, /workflows/];

class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => ORDER.findIndex((folder) => folder.test(path)) >>> 0;
    return super.sort(tests).toSorted((a, b) => rank(a) - rank(b));
  }
}

module.exports = LongestFirst;
