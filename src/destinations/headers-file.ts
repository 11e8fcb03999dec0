import { readFile } from 'node:fs/promises';
import { DestinationError } from './destination';

const HEADER = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;

/** Headers of the user's own, as `Authorization: ...`: read anew for each request, so that they can be renewed. */
export function headersFile(
  path: string | undefined,
  variable: string,
): { read: () => Promise<Record<string, string>>; credentials: string } {
  if (path === undefined) return { read: async () => ({}), credentials: variable };
  return {
    credentials: `the file that ${variable} names`,
    async read() {
      const text = await readFile(path, 'utf8').catch(() => {
        throw new DestinationError('no-headers', `the file that ${variable} names cannot be read`);
      });
      return headersIn(text, variable);
    },
  };
}

/** @throws DestinationError; nothing of the file is quoted, as it holds secrets. */
export function headersIn(text: string, variable: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name, value] = HEADER.exec(line.trim()) ?? [];
    if (name === undefined || value === undefined) {
      throw new DestinationError(
        'bad-headers',
        `line ${index + 1} of the file that ${variable} names is no header, as \`Authorization: Bearer ...\``,
      );
    }
    headers[name.toLowerCase()] = value;
  }
  return headers;
}
