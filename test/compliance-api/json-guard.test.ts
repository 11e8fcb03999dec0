import { createJsonGuard, maxDepth, maxValues } from '../../src/compliance-api/json-guard';

/** What the guard says of this JSON, given to it in pieces of this many bytes. */
function judge(text: string, pieceBytes = Infinity): string | undefined {
  const guard = createJsonGuard();
  const bytes = Buffer.from(text);
  for (let i = 0; i < bytes.length; i += pieceBytes) {
    const wrong = guard(bytes.subarray(i, Math.min(i + pieceBytes, bytes.length)));
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
});
