import fc from 'fast-check';
import { storableJson, storableText } from '../../src/destinations/postgres/json-text';

const unit = fc.oneof(
  fc.constantFrom('\\', '"', '\0', '\ud83d', '\ude00', 'u0000', 'ud800', '\u{1f600}', '\n', '/'),
  fc.string({ unit: 'binary', maxLength: 3 }),
);
const text = fc.array(unit).map((units) => units.join(''));
/** Another way to write the same. */
const escaped = (json: string): string =>
  json.replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  );

describe('JSON for jsonb', () => {
  it('says the same but for NUL and lone surrogates, however it is written', () => {
    fc.assert(
      fc.property(text, (value) => {
        for (const json of [JSON.stringify(value), escaped(JSON.stringify(value))]) {
          expect(JSON.parse(storableJson(json))).toBe(storableText(value));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('is the same to the letter where nothing is in the way', () => {
    const json = '{"a":"\\\\u0000 \\u00e9 \\ud83d\\ude00 \\/ \\n","b":1.50,"c":1E400}';
    expect(storableJson(json)).toBe(json);
  });
});
