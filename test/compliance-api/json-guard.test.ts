import { createJsonGuard, maxDepth, maxValues } from '../../src/compliance-api/json-guard';

/** What the guard says of this JSON, given to it in pieces of this many bytes. */
function judge(text: string, pieceBytes = Infinity): string | undefined {
  const guard = createJsonGuard();
  const bytes = Buffer.from(text);
  for (let i = 0; i < bytes.length; i += pieceBytes) {
    const wrong = guard.look(bytes.subarray(i, Math.min(i + pieceBytes, bytes.length)));
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

describe('createJsonGuard', () => {
  it('accepts the deepest allowed nesting and not one more', () => {
    expect(judge('['.repeat(maxDepth) + ']'.repeat(maxDepth))).toBeUndefined();
    expect(judge('{"a":'.repeat(maxDepth + 1))).toBe('too-deep');
    expect(judge('[]'.repeat(maxDepth + 1))).toBeUndefined();
  });

  it('accepts the most values allowed and not one more', () => {
    const list = (values: number) => `[0${',0'.repeat(values - 1)}]`;
    expect(judge(list(maxValues))).toBeUndefined();
    expect(judge(list(maxValues + 1))).toBe('too-many');
    expect(judge(`[{}${',{}'.repeat(maxValues / 2)}]`)).toBe('too-many');
  });

  it.each([Infinity, 1, 2, 3])('does not count what is within a string, in pieces of %p bytes', (pieceBytes) => {
    const tricky = JSON.stringify({ text: `${'[{'.repeat(maxDepth)}"\\"\\\\`, 'ü"[': '\\' }).repeat(3);
    expect(judge(tricky, pieceBytes)).toBeUndefined();
    expect(judge(tricky + '['.repeat(maxDepth + 1), pieceBytes)).toBe('too-deep');
  });

  it.each([Infinity, 1, 2, 3])('sees a number that JSON.parse might alter, in pieces of %p bytes', (pieceBytes) => {
    const saw = (text: string): boolean => {
      const guard = createJsonGuard();
      const bytes = Buffer.from(text);
      for (let i = 0; i < bytes.length; i += pieceBytes)
        guard.look(bytes.subarray(i, Math.min(i + pieceBytes, bytes.length)));
      return guard.sawLongNumber;
    };
    for (const number of ['9007199254740993', '-9007199254740993', '0.30000000000000004', '1e400', '1E9'])
      for (const json of [number, `[${number}]`, `{"a":1,"b":${number}}`, `"\\"",${number} `])
        expect(saw(json)).toBe(true);
    for (const json of [
      '[true,false,1]',
      '"9007199254740993"',
      '"\\"1e400"',
      '123456789012345',
      `[${'123456789,'.repeat(9)}1]`,
    ])
      expect(saw(json)).toBe(false);
  });
});
