import fc from 'fast-check';
import { linesOfAnswer } from './emitted-lines';
import { closeAll } from './local-server';
import { message, messagePage } from './samples';

afterEach(closeAll);

const numbers = [
  '9007199254740993',
  '-9007199254740993',
  '12345678901234567890',
  '9007199254740993.0',
  '0.1000000000000000055511151231257827',
  '3.14159265358979323846',
  '123456789.12345678901234567890e-3',
  '1e400',
  '-1E+400',
  '1e-400',
  '4.9e-325',
  `1${'0'.repeat(400)}1`,
  `0.${'3'.repeat(5000)}`,
  '0',
  '-1',
  '1.5',
  '9007199254740991',
  '12345678901234567000',
  '0.1',
  '1.7976931348623157e+308',
  '5e-324',
  '1e2',
  '1E21',
  '1e-07',
  '100000000000000000000000',
  '1.0000000000000000',
  '1.0',
  '0.500000',
  '-0',
];

/** A page with a message that has these fields too. */
const pageWith = (fields: string): string =>
  JSON.stringify(messagePage(message)).replace('"artifacts":null}', () => `"artifacts":null,${fields}}`);

async function lineOf(fields: string): Promise<string> {
  const [line = ''] = await linesOfAnswer(pageWith(fields));
  return line;
}

describe('a number of a message', () => {
  it.each(numbers)('comes out as it came: %s', async (literal) => {
    const fields = `"value":${literal},"list":[${literal}],"deep":{"block":[{"input":{"id":${literal}}}]}`;
    expect(await lineOf(fields)).toContain(`,${fields}}`);
  });

  it('comes out as it came in content, attachments and beside names such as __proto__', async () => {
    const fields = '"__proto__":{"__proto__":9007199254740993,"2":1e400,"constructor":[9007199254740993]}';
    expect(await lineOf(fields)).toContain(`,${fields}}`);
    const page = JSON.stringify(messagePage(message))
      .replace('"content":[', '"content":[9007199254740993,')
      .replace('"files":null', '"files":[{"size_bytes":9007199254740993}]');
    const [line] = await linesOfAnswer(page);
    expect(line).toContain('"content":[9007199254740993,{"type":"text"');
    expect(line).toContain('"files":[{"size_bytes":9007199254740993}]');
    expect(Reflect.get({}, '2')).toBeUndefined();
  });

  it('is the last one where a name comes twice', async () => {
    expect(await lineOf('"a":9007199254740993,"b":0,"a":1')).toContain(',"a":1,"b":0}');
    expect(await lineOf('"a":1,"b":0,"a":9007199254740993')).toContain(',"a":9007199254740993,"b":0}');
  });

  it('stays a text within a text, whatever stands around it', async () => {
    const text = JSON.stringify(['9007199254740993', '"', '\\', '\\"', '{"a":1e400}', '\\\\"1e400', 'ü"\ud800']);
    expect(await lineOf(`"text":${text},"long":1e400`)).toContain(`,"text":${text},"long":1e400}`);
  });

  it('does not make JSON of what is none', async () => {
    for (const fields of [
      '9007199254740993:1',
      '"a":09007199254740993',
      '"a":9007199254740993.',
      '"a":.9007199254740993',
      '"a":+9007199254740993',
      '"a":1e400e5',
      '"a":1e',
      '"a":--1e400',
      '"a":1e400 1e400',
      '"a":1e400true',
      '"a":[1e400',
    ]) {
      await expect(lineOf(fields)).rejects.toMatchObject({ kind: 'not-json' });
    }
  });

  it('is still no text and no yes or no where one was promised', async () => {
    for (const [field, value] of [
      ['id', '"claude_chat_msg_1"'],
      ['created_at', JSON.stringify(message.created_at)],
      ['has_more', 'false'],
    ] as const) {
      const number = `"${field}":9007199254740993`;
      const page = JSON.stringify({ ...messagePage(message), created_at: null }).replace(`"${field}":${value}`, number);
      await expect(linesOfAnswer(page)).rejects.toMatchObject({ kind: 'unexpected-shape' });
    }
  });

  it('is read as it stands wherever the chunks of the answer end', async () => {
    const page = pageWith('"long":[1e400,9007199254740993]');
    const inPieces = linesOfAnswer((_request, response) => {
      response.socket?.setNoDelay(true);
      const send = (at: number): void => {
        if (at >= page.length) response.end();
        else response.write(page.slice(at, at + 3), () => send(at + 3));
      };
      send(0);
    });
    expect(await inPieces).toEqual([expect.stringContaining('"long":[1e400,9007199254740993]}')]);
  });

  it('comes out as it came in whatever JSON', async () => {
    const literal = fc.oneof(
      fc.constantFrom(...numbers),
      fc.bigInt({ min: 10n ** 18n, max: 10n ** 40n }).map((value) => `${value}1`),
    );
    // As JavaScript writes it, whose way is not the question here.
    const other = fc.jsonValue({ maxDepth: 1 }).map((value) => JSON.stringify(JSON.parse(JSON.stringify(value))));
    const leaf = fc.oneof(literal, other);
    // Names that look like indexes come first in JavaScript, whoever parses.
    const name = fc.string().filter((name) => !/^\d+$/.test(name));
    const { json } = fc.letrec<{ json: string }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc.array(tie('json')).map((items) => `[${items.join()}]`),
        fc
          .uniqueArray(fc.tuple(name, tie('json')), { selector: ([name]) => name })
          .map((fields) => `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(json, async (given) => {
        expect(await lineOf(`"value":${given}`)).toContain(`,"value":${given}}`);
      }),
      { numRuns: 100 },
    );
  });
});
