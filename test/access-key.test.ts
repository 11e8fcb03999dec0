import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccessKeyError, readAccessKey, readAccessKeySync } from '../src/access-key';
import { loadWorkerConfig } from '../src/config/config';
import { ConfigError } from '../src/config/environment';

const KEY = 'sk-ant-api01-secret_value';
const file = join(mkdtempSync(join(tmpdir(), 'access-key-')), 'key');
const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

const BAD: [string, string | Buffer, string][] = [
  ['is empty', '', 'KEY_EMPTY'],
  ['is white space', ' \n\n', 'KEY_EMPTY'],
  ['is a byte order mark alone', '\ufeff', 'KEY_EMPTY'],
  ['begins with a byte order mark', `\ufeff${KEY}\n`, 'KEY_AFTER_BYTE_ORDER_MARK'],
  ['is UTF-16', Buffer.from(`\ufeff${KEY}\r\n`, 'utf16le'), 'KEY_IN_UTF_16'],
  ['is UTF-16, the other way round', utf16be(`\ufeff${KEY}`), 'KEY_IN_UTF_16'],
  ['is UTF-16 without a mark', Buffer.from(KEY, 'utf16le'), 'KEY_IN_UTF_16'],
  ['is in quotation marks', `"${KEY}"\n`, 'KEY_IN_QUOTATION_MARKS'],
  ['is in single ones', `'${KEY}'`, 'KEY_IN_QUOTATION_MARKS'],
  ['is in typographic ones', `\u201c${KEY}\u201d`, 'KEY_IN_QUOTATION_MARKS'],
  ['has a quotation mark left', `${KEY}"`, 'KEY_IN_QUOTATION_MARKS'],
  ['has a comment above', `# of the audit team\n${KEY}\n`, 'KEY_WITH_COMMENT'],
  ['has a comment below', `${KEY}\n# old: none`, 'KEY_WITH_COMMENT'],
  ['has a comment behind', `${KEY} # production`, 'KEY_WITH_COMMENT'],
  ['is two keys', `${KEY}\n${KEY}2\n`, 'KEY_TWICE'],
  ['is two keys in a line', `${KEY},${KEY}2`, 'KEY_TWICE'],
  ['is two lines', 'one\ntwo', 'KEY_WITH_LINES'],
  ['begins with an empty line', `\n${KEY}`, 'KEY_WITH_WHITE_SPACE'],
  ['holds a space', `${KEY} x`, 'KEY_WITH_WHITE_SPACE'],
  ['begins with a space', ` ${KEY}`, 'KEY_WITH_WHITE_SPACE'],
  ['holds a space that does not break', `sk-ant-api01-\u00a0x`, 'KEY_WITH_WHITE_SPACE'],
  ['begins with Bearer', `Bearer ${KEY}`, 'KEY_AFTER_BEARER'],
  ['is a header', `x-api-key: ${KEY}`, 'KEY_AFTER_BEARER'],
  ['is a header, of another kind', `Authorization: Bearer ${KEY}`, 'KEY_AFTER_BEARER'],
  ['begins with a name', `ANTHROPIC_COMPLIANCE_ACCESS_KEY=${KEY}`, 'KEY_AFTER_NAME'],
  ['is a line of a shell', `export KEY="${KEY}"`, 'KEY_AFTER_NAME'],
  ['is a line of PowerShell', `$env:KEY = "${KEY}"`, 'KEY_AFTER_NAME'],
  ['is YAML', `key: ${KEY}`, 'KEY_AFTER_NAME'],
  ['is JSON', `{"key":"${KEY}"}`, 'KEY_IN_MARKUP'],
  ['has a Windows line end within', `\r\n${KEY}`, 'KEY_WITH_WINDOWS_LINE_END'],
  ['is a key of the Claude API', 'sk-ant-api03-secret_value', 'KEY_OF_CLAUDE_API'],
  ['is a key of the Admin API', 'sk-ant-admin01-secret_value', 'KEY_OF_ADMIN_API'],
  ["is a login's token", 'sk-ant-oat01-secret_value', 'KEY_OF_A_LOGIN'],
  ['is the example', 'sk-ant-api01-...', 'KEY_SHORTENED'],
  ['holds what looks like nothing', `${KEY.slice(0, 9)}\u200b${KEY.slice(9)}`, 'KEY_WITH_OTHER_CHARACTERS'],
  ['holds another alphabet', 'sk-\u0430nt-api01-secret', 'KEY_WITH_OTHER_CHARACTERS'],
  ['is far too long', 'x'.repeat(100_000), 'KEY_TOO_LONG'],
];

describe('a key file', () => {
  it.each(BAD)('that %s is told by what it is, and never by what it holds', async (_title, content, code) => {
    writeFileSync(file, content);
    const error: unknown = await readAccessKey(file).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AccessKeyError);
    expect(error).toMatchObject({ code });
    expect(() => readAccessKeySync(file)).toThrow(AccessKeyError);
    expect(String(error)).not.toContain('secret');

    const start = () => loadWorkerConfig({ ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE: file });
    expect(start).toThrow(ConfigError);
    expect(start).toThrow(code);
    expect(start).not.toThrow('secret');
  });

  it.each([
    ['the key alone', KEY],
    ['a line end', `${KEY}\n`],
    ['a Windows line end', `${KEY}\r\n`],
    ['lines that are empty behind it', `${KEY}\n \n`],
  ])('may hold %s', async (_title, content) => {
    writeFileSync(file, content);
    expect(await readAccessKey(file)).toBe(KEY);
    expect(readAccessKeySync(file)).toBe(KEY);
  });

  it('that is not there, or a folder, says so', () => {
    const start = (path: string) => () => loadWorkerConfig({ ANTHROPIC_COMPLIANCE_ACCESS_KEY_FILE: path });
    expect(start(`${file}-none`)).toThrow(/there is no such file \(ENOENT\)/);
    expect(start(tmpdir())).toThrow(/it is a folder \(EISDIR\)/);
  });
});

describe('a key in a variable', () => {
  const set = BAD.flatMap(([title, content, code]): [string, string, string][] =>
    typeof content === 'string' && content !== '' ? [[title, content, code]] : [],
  );
  it.each([...set, ['ends in a Windows line end', `${KEY}\r`, 'KEY_WITH_WINDOWS_LINE_END']])(
    'that %s is told in the same way',
    (title, text, code) => {
      const start = () => loadWorkerConfig({ ANTHROPIC_COMPLIANCE_ACCESS_KEY: text });
      expect(start).toThrow(ConfigError);
      expect(start).not.toThrow('secret');
      // Nothing drops its byte order mark, or the white space at its end.
      if (title.startsWith('is a byte order mark')) expect(start).toThrow('byte order mark');
      else expect(start).toThrow(code);
    },
  );

  it.each([KEY, 'k', 'of-a-gateway:123', 'bmFtZQ==', 'a=='])('may be %s', (key) => {
    expect(loadWorkerConfig({ ANTHROPIC_COMPLIANCE_ACCESS_KEY: key }).settings).toMatchObject({
      ANTHROPIC_COMPLIANCE_ACCESS_KEY: key,
    });
  });
});
