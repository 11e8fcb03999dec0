// A state machine for JSON's strings, numbers and words, as one table: the next state for each state and byte.

/** Not JSON, or not UTF-8. */
export const WRONG = 0;
/** The token ends with this byte. */
export const END = 1;
/** The token ended before this byte: numbers have no closing byte. */
export const OVER = 2;

type Bytes = string | readonly [from: number, to: number];

const states = new Map<string, number>([
  ['end', END],
  ['over', OVER],
]);
const rows: Uint8Array[] = [];

function stateOf(name: string): number {
  const known = states.get(name);
  if (known !== undefined) return known;
  const state = states.size + 1;
  states.set(name, state);
  return state;
}

/** Defines a state's transitions. @param otherwise The next state for a byte that `next` does not name. */
function on(name: string, next: Record<string, readonly Bytes[]>, otherwise: 'over' | 'wrong' = 'wrong'): void {
  const row = new Uint8Array(256).fill(otherwise === 'over' ? OVER : WRONG);
  for (const [follower, bytes] of Object.entries(next)) {
    for (const some of bytes) {
      if (typeof some === 'string') for (const byte of Buffer.from(some)) row[byte] = stateOf(follower);
      else row.fill(stateOf(follower), some[0], some[1] + 1);
    }
  }
  rows[stateOf(name)] = row;
}

on('value', {
  string: ['"'],
  minus: ['-'],
  zero: ['0'],
  integer: ['123456789'],
  true1: ['t'],
  false1: ['f'],
  null1: ['n'],
});

const ascii: readonly Bytes[] = [
  [0x20, 0x21],
  [0x23, 0x5b],
  [0x5d, 0x7f],
];
on('string', {
  end: ['"'],
  string: ascii,
  escape: ['\\'],
  ...{
    last1: [[0xc2, 0xdf]],
    last2: [
      [0xe1, 0xec],
      [0xee, 0xef],
    ],
    last3: [[0xf1, 0xf3]],
  },
  ...{ afterE0: [[0xe0, 0xe0]], afterED: [[0xed, 0xed]], afterF0: [[0xf0, 0xf0]], afterF4: [[0xf4, 0xf4]] },
});
on('escape', { string: ['"\\/bfnrt'], hex4: ['u'] });
const hex = ['0123456789abcdefABCDEF'];
on('hex4', { hex3: hex });
on('hex3', { hex2: hex });
on('hex2', { hex1: hex });
on('hex1', { string: hex });
// UTF-8 without overlong forms, surrogates and code points beyond U+10FFFF.
on('last1', { string: [[0x80, 0xbf]] });
on('last2', { last1: [[0x80, 0xbf]] });
on('last3', { last2: [[0x80, 0xbf]] });
on('afterE0', { last1: [[0xa0, 0xbf]] });
on('afterED', { last1: [[0x80, 0x9f]] });
on('afterF0', { last2: [[0x90, 0xbf]] });
on('afterF4', { last2: [[0x80, 0x8f]] });

const digits = ['0123456789'];
on('minus', { zero: ['0'], integer: ['123456789'] });
on('zero', { point: ['.'], exponent: ['eE'] }, 'over');
on('integer', { integer: digits, point: ['.'], exponent: ['eE'] }, 'over');
on('point', { fraction: digits });
on('fraction', { fraction: digits, exponent: ['eE'] }, 'over');
on('exponent', { sign: ['+-'], power: digits });
on('sign', { power: digits });
on('power', { power: digits }, 'over');

for (const word of ['true', 'false', 'null']) {
  for (let at = 1; at < word.length; at++) {
    on(`${word}${at}`, { [at + 1 < word.length ? `${word}${at + 1}` : 'end']: [word.slice(at, at + 1)] });
  }
}

// A byte order mark may precede the text.
on('mark1', { mark2: [[0xbb, 0xbb]] });
on('mark2', { end: [[0xbf, 0xbf]] });

/** {@link WRONG}, {@link END}, {@link OVER} or another state, at `state * 256 + byte`. */
export const tokenTable = Uint8Array.from(
  { length: rows.length * 256 },
  (_, at) => rows[at >> 8]?.[at & 0xff] ?? WRONG,
);
/** The state before the first byte of a string, number or word. */
export const VALUE = stateOf('value');
/** The state within a string. */
export const STRING = stateOf('string');
/** The state after the first byte of a byte order mark. */
export const MARK = stateOf('mark1');
