import { readFile } from 'node:fs/promises';
import { errorCode } from '../text/error-code';
import type { Secret } from './definition';
import { DestinationError } from './destination';

/** Reads a secret anew from its file each time, so that it can be renewed while the worker runs; white space at its end is dropped. */
export function secretIn(variable: string, path: string): Secret {
  return async () => {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      throw new DestinationError(errorCode(error) ?? 'unknown', `the file that ${variable} names cannot be read`);
    });
    const secret = text.trimEnd();
    if (secret === '') throw new DestinationError('no-secret', `the file that ${variable} names is empty`);
    return secret;
  };
}
