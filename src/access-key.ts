import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** More than any key has: about a hundred characters. */
const LONGEST_BYTES = 4096;
const UTF_16_MARKS = ['\u00ff\u00fe', '\u00fe\u00ff'];

/**
 * What disqualifies a text as an access key: a code, and its text for an operator. Checked in `problemOf`. Other kinds
 * of Anthropic's keys are told by their prefix; an unknown key passes, since only the API can tell.
 */
const PROBLEMS = {
  KEY_IN_UTF_16: 'it is UTF-16 text: save it as UTF-8',
  KEY_AFTER_BYTE_ORDER_MARK: 'it begins with a byte order mark: save it as UTF-8 without one',
  KEY_EMPTY: 'it is empty',
  KEY_TOO_LONG: `it is longer than ${LONGEST_BYTES} bytes: the key alone belongs there`,
  KEY_WITH_COMMENT: 'it holds a comment line: the key alone belongs there',
  KEY_TWICE: 'it holds two keys',
  KEY_AFTER_NAME: 'it begins with a name, as `NAME=`: the key alone belongs there',
  KEY_AFTER_BEARER: 'it begins with the name of an HTTP scheme or header, as `Bearer`: the key alone belongs there',
  KEY_IN_QUOTATION_MARKS: 'it stands in quotation marks: leave them out',
  KEY_IN_MARKUP: 'it is JSON, or another kind of markup: the key alone belongs there',
  KEY_WITH_WINDOWS_LINE_END: 'it holds a Windows line end (a carriage return)',
  KEY_WITH_LINES: 'it holds several lines: the key alone belongs there',
  KEY_WITH_WHITE_SPACE: 'it holds white space',
  KEY_OF_CLAUDE_API: 'it is a key of the Claude API (sk-ant-api03-...)',
  KEY_OF_ADMIN_API: 'it is a key of the Admin API (sk-ant-admin01-...)',
  KEY_OF_A_LOGIN: "it is a login's token (sk-ant-oat01-..., sk-ant-ort01-..., sk-ant-sid01-...)",
  KEY_SHORTENED: 'it ends in three dots: it is an example, or was copied shortened',
  KEY_WITH_OTHER_CHARACTERS: 'it holds characters that no key has',
} as const;

export type KeyProblem = keyof typeof PROBLEMS;

/** Thrown for a text that cannot be a key. The message names the problem and quotes nothing of the text. */
export class AccessKeyError extends Error {
  override name = 'AccessKeyError';
  constructor(readonly code: KeyProblem) {
    super(PROBLEMS[code]);
  }
}

/** The problem in words, by the code of our error or of the file system's. */
export function sayKeyProblem(code: string | undefined): string {
  const known = Object.entries(PROBLEMS).find(([name]) => name === code);
  if (known) return known[1];
  if (code === 'ENOENT') return 'there is no such file';
  return code === 'EISDIR' ? 'it is a folder' : 'it cannot be read';
}

/** Checks the key in a variable. @throws AccessKeyError */
export function accessKeyIn(text: string): string {
  const code = problemOf(text);
  if (code !== undefined) throw new AccessKeyError(code);
  return text;
}

/** Reads the key from a file, without white space at its end. @throws AccessKeyError, or the file system's error */
export async function readAccessKey(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(LONGEST_BYTES + 1), 0, LONGEST_BYTES + 1, 0);
    return keyOf(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** {@link readAccessKey} without waiting, for a check at start. @throws AccessKeyError, or the file system's error */
export function readAccessKeySync(path: string): string {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(LONGEST_BYTES + 1);
    return keyOf(buffer.subarray(0, readSync(file, buffer, 0, buffer.length, 0)));
  } finally {
    closeSync(file);
  }
}

function keyOf(bytes: Buffer): string {
  const start = bytes.subarray(0, 2).toString('latin1');
  if (UTF_16_MARKS.includes(start) || bytes.includes(0)) throw new AccessKeyError('KEY_IN_UTF_16');
  return accessKeyIn(bytes.toString('utf8').trimEnd());
}

function problemOf(text: string): KeyProblem | undefined {
  if (text.includes('\0')) return 'KEY_IN_UTF_16';
  if (text.startsWith('\ufeff')) return 'KEY_AFTER_BYTE_ORDER_MARK';
  const lines = text
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length === 0) return 'KEY_EMPTY';
  if (Buffer.byteLength(text) > LONGEST_BYTES) return 'KEY_TOO_LONG';
  if (lines.some((line) => /^(#|\/\/|;)|\s#/.test(line))) return 'KEY_WITH_COMMENT';
  if ((text.match(/sk-ant-/g)?.length ?? 0) > 1) return 'KEY_TWICE';
  const [line = ''] = lines;
  if (/^(authorization|x-api-key)\s*:|^(bearer|basic|apikey)[\s:]/i.test(line)) return 'KEY_AFTER_BEARER';
  if (/^((export|set)\s+|\$env:)?[a-z_]\w*\s*(=|:\s)\s*[^=\s]/i.test(line)) return 'KEY_AFTER_NAME';
  if (/^["'`\u2018-\u201f\u00ab\u00bb]|["'`\u2018-\u201f\u00ab\u00bb]$/.test(line)) return 'KEY_IN_QUOTATION_MARKS';
  if (/^[{[<]/.test(line)) return 'KEY_IN_MARKUP';
  if (lines.length > 1) return 'KEY_WITH_LINES';
  if (text.includes('\r')) return 'KEY_WITH_WINDOWS_LINE_END';
  if (/\s/.test(text)) return 'KEY_WITH_WHITE_SPACE';
  if (/(\.\.\.|\u2026)$/.test(text)) return 'KEY_SHORTENED';
  if (text.startsWith('sk-ant-api03-')) return 'KEY_OF_CLAUDE_API';
  if (text.startsWith('sk-ant-admin01-')) return 'KEY_OF_ADMIN_API';
  if (/^sk-ant-(oat|ort|sid)\d\d-/.test(text)) return 'KEY_OF_A_LOGIN';
  return /^[\x21-\x7e]+$/.test(text) ? undefined : 'KEY_WITH_OTHER_CHARACTERS';
}
