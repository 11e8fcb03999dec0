import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { errorCode } from './text/error-code';

const PUBLIC_KEY = /-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/g;
const NEW_ONE = '`openssl genpkey -algorithm ed25519 -out FILE` makes one';

/** Signs the lines of a ledger. */
export interface Signer {
  /** SPKI, Base64: a PEM file without its first and last line. */
  publicKey: string;
  /** @returns Base64; of the same text always the same. */
  sign: (text: string) => string;
}

/** Reads the private key anew. @throws Error that says what is wrong with the file, and nothing of what is in it */
export async function readSigner(path: string): Promise<Signer> {
  return signerIn(await readFile(path, 'utf8').catch(unreadable));
}

/** What is wrong with the file of a private key; undefined if nothing is. */
export function evidenceKeyProblem(path: string): string | undefined {
  try {
    signerIn(readText(path));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'it cannot be read';
  }
}

/** The public keys in a text, each as {@link Signer.publicKey}. @throws Error for one that is none, or of another kind */
export function publicKeysIn(pem: string): string[] {
  return (pem.match(PUBLIC_KEY) ?? []).map((one) => base64Of(publicKeyIn(one)));
}

/** Tells whether a text was signed with the key. @throws Error for a key that is none */
export function verifierOf(publicKey: string): (text: string, signature: string) => boolean {
  const key = requireEd25519(createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' }));
  return (text, signature) => verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return unreadable(error);
  }
}

function unreadable(error: unknown): never {
  throw new Error(`it cannot be read (${errorCode(error) ?? 'unknown'})`);
}

function publicKeyIn(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new Error('a public key in it cannot be read');
  }
  return requireEd25519(key);
}

function signerIn(pem: string): Signer {
  const key = privateKeyIn(pem);
  return {
    publicKey: base64Of(createPublicKey(key)),
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64'),
  };
}

function privateKeyIn(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new Error(`it holds no private key in PEM (PKCS #8), without a passphrase; ${NEW_ONE}`);
  }
  return requireEd25519(key);
}

function requireEd25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new Error(`its key is ${key.asymmetricKeyType ?? 'of another kind'}, not Ed25519; ${NEW_ONE}`);
}

const base64Of = (key: KeyObject): string => key.export({ format: 'der', type: 'spki' }).toString('base64');
