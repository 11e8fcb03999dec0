import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A key for Ed25519 in files, as `openssl genpkey` and `openssl pkey -pubout` write them. */
export interface KeyFiles {
  privateKey: string;
  publicKey: string;
}

export async function newEvidenceKey(): Promise<KeyFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'evidence-key-'));
  const pair = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
    publicKeyEncoding: { format: 'pem', type: 'spki' },
  });
  const files = { privateKey: join(folder, 'evidence.pem'), publicKey: join(folder, 'evidence.pub.pem') };
  await writeFile(files.privateKey, pair.privateKey, { mode: 0o600 });
  await writeFile(files.publicKey, pair.publicKey);
  return files;
}
