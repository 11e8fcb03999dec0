import fc from 'fast-check';
import { Bytes } from '../../src/compliance-api/bytes';
import { JsonScanner, maxDepth } from '../../src/compliance-api/json-scanner';

/** What the scanner keeps of a text that comes in chunks of these sizes, the last one to the end; undefined where it is no JSON. */
function scanned(text: Uint8Array | string, sizes: readonly number[] = []): string | undefined {
  const given = Buffer.from(text);
  const bytes = new Bytes();
  const scanner = new JsonScanner(bytes, { name() {}, begin() {}, end() {} });
  let at = 0;
  for (const size of [...sizes, given.length]) {
    // A copy, as nothing may be read beyond a chunk's end.
    if (scanner.write(Buffer.from(given.subarray(at, at + size))) !== undefined) return undefined;
    at += size;
  }
  return scanner.end() ? bytes.text() : undefined;
}

function parses(text: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text));
    return true;
  } catch {
    return false;
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 40 });

describe('the scanner', () => {
  it('keeps JSON as it is, but for the white space between its tokens, wherever its chunks end', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('', ' ', '\t\r\n'), sizes, (json, space, sizes) => {
        const value: unknown = JSON.parse(json);
        expect(scanned(JSON.stringify(value, null, space), sizes)).toBe(JSON.stringify(value));
      }),
      { numRuns: 500 },
    );
  });

  it('takes for JSON what JSON.parse takes for it, and nothing else', () => {
    const part = fc.oneof(
      fc.constantFrom(...'{}[]:,"\\/ \n\t-+.eE0123456789truefalsnx\u0000\u001f\u007f\u00a0'.split('')),
      fc.constantFrom(
        '"a"',
        '"a":',
        '{"b":',
        'true',
        'false',
        'null',
        '-0',
        '1.5e+3',
        '\\u00e9',
        '\\ud83d',
        'é',
        '数',
        '😀',
      ),
      fc.constantFrom('\ufeff'),
    );
    // Whole texts, with something put in, left out or altered.
    const altered = fc.tuple(fc.json(), fc.nat(), fc.nat(2), part).map(([json, place, left, put]) => {
      const at = place % (json.length + 1);
      return Buffer.from(json.slice(0, at) + put + json.slice(at + left));
    });
    const pieces = fc.array(part, { maxLength: 12 }).map((parts) => Buffer.from(parts.join('')));
    const bytes = fc
      .uint8Array({ maxLength: 6 })
      .map((odd) => Buffer.concat([Buffer.from('"'), odd, Buffer.from('"')]));
    fc.assert(
      fc.property(fc.oneof(altered, pieces, bytes), sizes, (text, sizes) => {
        expect([text.toString(), scanned(text, sizes) !== undefined]).toEqual([text.toString(), parses(text)]);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['an overlong character', [0xc0, 0x80]],
    ['another', [0xe0, 0x9f, 0xbf]],
    ['another', [0xf0, 0x8f, 0xbf, 0xbf]],
    ['half a surrogate pair', [0xed, 0xa0, 0x80]],
    ['what is beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
    ['a byte that begins nothing', [0xff]],
    ['a byte that only goes on', [0x80]],
    ['a character that breaks off', [0xe2, 0x82]],
  ])('takes no %s: %j', (_title, bytes) => {
    const text = Buffer.from([0x22, ...bytes, 0x22]);
    expect([scanned(text), parses(text)]).toEqual([undefined, false]);
  });

  it('keeps what is longer than a block', () => {
    const json = JSON.stringify(['ü'.repeat(70_000), 1, { a: 'x'.repeat(200_000) }]);
    expect(scanned(json)).toBe(json);
    expect(scanned(json, Array<number>(500).fill(333))).toBe(json);
  });

  it(`reads ${maxDepth} levels, and says where there are more`, () => {
    const nested = (levels: number): string => '{"a":['.repeat(levels / 2) + ']}'.repeat(levels / 2);
    expect(scanned(nested(maxDepth))).toBe(nested(maxDepth));
    expect(new JsonScanner(new Bytes()).write(Buffer.from(nested(maxDepth + 2)))).toBe('too-deep');
    expect(new JsonScanner(new Bytes()).write(Buffer.from('['.repeat(1000)))).toBe('too-deep');
  });
});
