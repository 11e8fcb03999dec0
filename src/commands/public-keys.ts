import { readFile } from 'node:fs/promises';
import { publicKeysIn } from '../evidence-key';
import { UsageError } from '../exit';
import { errorCode } from '../text/error-code';

/** The keys in the file that --public-key names; null without one. @throws UsageError if it holds none. */
export async function readPublicKeys(path: string | undefined): Promise<string[] | null> {
  if (path === undefined) return null;
  const wrong = (why: string): UsageError =>
    new UsageError(
      `--public-key ${path}: a file with public keys in PEM, as \`openssl pkey -pubout\` writes them: ${why}`,
    );
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw wrong(`it cannot be read (${errorCode(error) ?? 'unknown'})`);
  });
  let keys: string[];
  try {
    keys = publicKeysIn(text);
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : 'it holds none');
  }
  if (keys.length === 0) throw wrong('it holds none');
  return keys;
}
