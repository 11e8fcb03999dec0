import type { Readable } from 'node:stream';
import { HeadObjectCommand, PutObjectCommand, type StorageClass } from '@aws-sdk/client-s3';
import type { Setting } from '../definition';
import { DestinationError } from '../destination';
import { answerIn } from './answers';
import { createClient } from './client';
import type { S3Settings } from './definition';

const DAY_MS = 86_400_000;

/** What is written under a key, and never changes. */
export interface StoredObject {
  key: string;
  contentType: string;
  bytes: number;
  /** Of the bytes as they are sent. */
  sha256: Buffer;
  /** Asked for once. */
  body: () => Readable | Uint8Array;
  /** Metadata, by which one that is there already is known to be the same. */
  identity: Record<string, string>;
  /** Metadata for people. */
  facts?: Record<string, string>;
}

type Lasting = 'for ever' | 'to be overwritten';

/** A bucket, in which each key is written once. Methods throw DestinationError, or the signal's reason. */
export function createStore(settings: S3Settings, setting: Pick<Setting, 'prefix' | 'proxy'>) {
  const { BUCKET, CHECKSUMS, CONDITIONAL, SSE, KMS_KEY_ID, STORAGE_CLASS } = settings;
  const { OBJECT_LOCK_MODE, OBJECT_LOCK_DAYS = 0 } = settings;
  const client = createClient(settings, setting);
  const { where } = client;
  const isConditional = CONDITIONAL === 'on';

  /** Resolves when the object is there, whoever wrote it. */
  async function putOnce(object: StoredObject, signal: AbortSignal): Promise<void> {
    if (!isConditional && (await isThere(object, signal))) return;
    if (await put(object, 'for ever', signal)) return;
    if (await isThere(object, signal)) return;
    throw new DestinationError('vanished', `${where} had ${object.key}, and has it no more: it is written again`);
  }

  /** @returns false if something else is under that key. */
  async function put(object: StoredObject, how: Lasting, signal: AbortSignal): Promise<boolean> {
    return client.ask(signal, async (to) => {
      try {
        await to.send(commandFor(object, how), { abortSignal: signal });
        return true;
      } catch (error) {
        const { name, status } = answerIn(error);
        if (status === 412 || name === 'PreconditionFailed') return false;
        if (status !== 409) throw error;
        throw new DestinationError('conflict', `${where} is being written ${object.key} by somebody else (status 409)`);
      }
    });
  }

  function commandFor({ key, contentType, bytes, sha256, body, identity, facts }: StoredObject, how: Lasting) {
    const isForEver = how === 'for ever';
    const isLocked = OBJECT_LOCK_MODE !== undefined && isForEver;
    const command = new PutObjectCommand({
      ...{ Bucket: BUCKET, Key: key, Body: body(), ContentType: contentType, ContentLength: bytes },
      Metadata: { ...facts, ...identity },
      // A lock is not given without a checksum.
      ...((CHECKSUMS === 'when_supported' || isLocked) && { ChecksumSHA256: sha256.toString('base64') }),
      ...(isForEver && isConditional && { IfNoneMatch: '*' }),
      ...(isForEver && STORAGE_CLASS !== undefined && { StorageClass: STORAGE_CLASS as StorageClass }),
      ...(SSE !== undefined && { ServerSideEncryption: SSE }),
      ...(KMS_KEY_ID !== undefined && { SSEKMSKeyId: KMS_KEY_ID }),
      ...(isLocked && {
        ObjectLockMode: OBJECT_LOCK_MODE,
        ObjectLockRetainUntilDate: new Date(Date.now() + OBJECT_LOCK_DAYS * DAY_MS),
      }),
    });
    // Otherwise the signature of a stream says nothing of its bytes.
    command.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        headers['x-amz-content-sha256'] = sha256.toString('hex');
        return next(args);
      },
      { step: 'build' },
    );
    return command;
  }

  async function isThere({ key, identity }: StoredObject, signal: AbortSignal): Promise<boolean> {
    const found = await head(key, signal);
    if (found === undefined) return false;
    if (Object.entries(identity).every(([name, value]) => found[name] === value)) return true;
    throw new DestinationError(
      'other-object',
      `${where} has another object under ${key}: was it written from another archive? Move it away, or set another ${setting.prefix}PREFIX`,
    );
  }

  /** The metadata of an object; undefined if there is none. */
  async function head(key: string, signal: AbortSignal): Promise<Record<string, string> | undefined> {
    return client.ask(signal, async (to) => {
      try {
        const found = await to.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key }), { abortSignal: signal });
        return found.Metadata ?? {};
      } catch (error) {
        const { name, status } = answerIn(error);
        if (status === 404 && name !== 'NoSuchBucket') return undefined;
        throw error;
      }
    });
  }

  /** Writes a small object over the one that is there, and looks whether it is. */
  async function tryOut(object: StoredObject, signal: AbortSignal): Promise<void> {
    await put(object, 'to be overwritten', signal);
    if (await isThere(object, signal)) return;
    throw new DestinationError('not-there', `${where} took ${object.key}, and does not have it`);
  }

  return { putOnce, tryOut, close: client.close };
}
