import { readFile } from 'node:fs/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import type { Dispatcher } from 'undici';
import { createConnection } from '../../http/connection';
import { errorCode } from '../../text/error-code';
import type { Setting } from '../definition';
import { DestinationError } from '../destination';
import { s3Error } from './answers';
import type { S3Settings } from './definition';
import { undiciHandler } from './undici-handler';

const CONNECT_MS = 10_000;
const AMAZON = 'https://s3.amazonaws.com';
/** Stores of others have regions of their own, or none, and take this one. */
const ANY_REGION = 'us-east-1';
const nothing = (): void => undefined;
/** What the SDK says of a failed request is ours to say. */
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
/** After these a client is made anew: it reads its credentials once. */
const STALE = new Set(['unauthorized', 'no-credentials']);

/** The AWS SDK, with credentials of its own chain, one attempt a request, and errors of ours. */
export function createClient(settings: S3Settings, { prefix, proxy }: Pick<Setting, 'prefix' | 'proxy'>) {
  const { BUCKET, ENDPOINT, PATH_STYLE, CHECKSUMS, CA_FILE } = settings;
  const region = settings.REGION ?? (ENDPOINT === undefined ? undefined : ANY_REGION);
  const where = `${prefix}BUCKET (${BUCKET})`;
  let connection: Promise<Dispatcher> | undefined;
  let client: S3Client | undefined;

  async function connect(): Promise<Dispatcher> {
    const ca =
      CA_FILE === undefined
        ? undefined
        : await readFile(CA_FILE).catch((error: unknown) => {
            throw new DestinationError(
              errorCode(error) ?? 'unknown',
              `the file that ${prefix}CA_FILE names cannot be read`,
            );
          });
    const certificates = ca ? { ca } : {};
    return createConnection(new URL(ENDPOINT ?? AMAZON), { connectMs: CONNECT_MS, proxy, certificates });
  }

  async function dispatcher(): Promise<Dispatcher> {
    connection ??= connect();
    return connection.catch((error: unknown) => {
      connection = undefined;
      throw error;
    });
  }

  const requestHandler = undiciHandler(where, dispatcher);
  const create = (): S3Client =>
    new S3Client({
      ...(region !== undefined && { region }),
      ...(ENDPOINT !== undefined && { endpoint: ENDPOINT }),
      forcePathStyle: (PATH_STYLE ?? (ENDPOINT === undefined ? 'off' : 'on')) === 'on',
      requestChecksumCalculation: CHECKSUMS === 'when_required' ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      // What it asks on its way goes through the same proxy.
      credentials: defaultProvider({ ignoreCache: true, parentClientConfig: { requestHandler } }),
      // Who calls tries again, and says so meanwhile.
      maxAttempts: 1,
      logger: SILENT,
      requestHandler,
    });

  /** @throws DestinationError; the signal's reason. */
  async function ask<T>(signal: AbortSignal, send: (to: S3Client) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    client ??= create();
    try {
      return await send(client);
    } catch (error) {
      signal.throwIfAborted();
      const failure = s3Error(error, where, prefix);
      if (STALE.has(failure.code)) client = undefined;
      throw failure;
    }
  }

  async function close(): Promise<void> {
    await (await connection?.catch(() => undefined))?.destroy();
  }

  return { ask, close, where };
}
