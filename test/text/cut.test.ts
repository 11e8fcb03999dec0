import fc from 'fast-check';
import { toFailure } from '../../src/activities/failures';
import { ApiError } from '../../src/compliance-api/errors';
import { cut, jsonBytes, LONGEST_REASON_BYTES } from '../../src/text/cut';

const any = fc.string({ unit: 'binary', maxLength: 400 });

test('a text is cut between characters, to the bytes that it takes as JSON in UTF-8', () => {
  fc.assert(
    fc.property(any, fc.integer({ min: 5, max: 300 }), (text, most) => {
      const short = cut(text, most);
      expect(jsonBytes(short)).toBe(Buffer.byteLength(JSON.stringify(short)));
      if (jsonBytes(text) <= most) expect(short).toBe(text);
      else {
        expect(jsonBytes(short)).toBeLessThanOrEqual(most);
        // The characters of a text, and of its beginning, are the same ones.
        expect(Array.from(text).slice(0, Array.from(short).length - 1)).toEqual(Array.from(short).slice(0, -1));
      }
    }),
  );
});

test.each(['x', '\u{1d4b3}', '\ud800', '"', '\u0001'])(
  'no failure is longer than Temporal shows, for ids of %j',
  (unit) => {
    for (const kind of ['bad-request', 'server-error', 'no-key'] as const) {
      const { message, stack } = toFailure(new ApiError(kind, { endpoint: 'messages' }), { chatId: unit.repeat(5000) });
      expect(jsonBytes(message)).toBeLessThanOrEqual(LONGEST_REASON_BYTES);
      expect(message).toMatch(/^chat /);
      expect(stack).toBe('');
    }
  },
);
