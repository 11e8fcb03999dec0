import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evidenceKeyProblem, publicKeysIn, readSigner, verifierOf } from '../src/evidence-key';
import { newEvidenceKey } from './support/evidence-key';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'evidence-key-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(text: string): string {
  const path = join(folder, 'key.pem');
  writeFileSync(path, text);
  return path;
}
const rsa = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
  publicKeyEncoding: { format: 'pem', type: 'spki' },
});

it('signs what the public key of the same pair verifies, the same each time', async () => {
  const { privateKey, publicKey } = await newEvidenceKey();
  const { sign, publicKey: named } = await readSigner(privateKey);
  expect(publicKeysIn(await readFile(publicKey, 'utf8'))).toEqual([named]);
  const signature = sign('a line');
  expect(sign('a line')).toBe(signature);
  expect(verifierOf(named)('a line', signature)).toBe(true);
  expect(verifierOf(named)('another', signature)).toBe(false);
  expect(evidenceKeyProblem(privateKey)).toBeUndefined();
});

it('reads the file anew, so that a key can be renewed', async () => {
  const [one, other] = [await newEvidenceKey(), await newEvidenceKey()];
  const path = file(await readFile(one.privateKey, 'utf8'));
  const before = (await readSigner(path)).publicKey;
  file(await readFile(other.privateKey, 'utf8'));
  expect((await readSigner(path)).publicKey).not.toBe(before);
});

it.each([
  ['there is none', () => join(folder, 'not-there'), 'it cannot be read (ENOENT)'],
  ['it is a folder', () => folder, 'it cannot be read (EISDIR)'],
  ['it holds something else', () => file('secret'), 'it holds no private key in PEM (PKCS #8), without a passphrase'],
  ['it holds a public key', () => file(rsa.publicKey), 'it holds no private key'],
  ['its key is of another kind', () => file(rsa.privateKey), 'its key is rsa, not Ed25519'],
])('says of a file where %s what is wrong, and nothing of what it holds', (_title, path, says) => {
  expect(evidenceKeyProblem(path())).toContain(says);
  expect(evidenceKeyProblem(path())).not.toContain('secret');
});

it('takes several public keys in one file, and none of another kind', async () => {
  const pems = await Promise.all(
    [newEvidenceKey(), newEvidenceKey()].map(async (key) => readFile((await key).publicKey, 'utf8')),
  );
  expect(publicKeysIn(`# both\n${pems.join('\n')}`)).toHaveLength(2);
  expect(publicKeysIn('none')).toEqual([]);
  expect(() => publicKeysIn(rsa.publicKey)).toThrow('its key is rsa');
  expect(() => publicKeysIn('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----')).toThrow('cannot be read');
});
