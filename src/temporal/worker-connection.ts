import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { NativeConnection, type Logger } from '@temporalio/worker';
import { connectClient } from './connect';
import { answerOf, explain, TemporalError } from './errors';
import type { TemporalSettings } from './settings';

const RETRY_MS = 5000;
/** A wrong setting may be mended from outside meanwhile, as a namespace that another container creates. */
const FATAL_AFTER_MS = 60_000;
const REMIND_MS = 60_000;
const NATIVE_CONNECT_MS = 10_000;
const MEMO_WARN_BYTES = 128 * 1024;

/** A worker's two connections: `native` for its tasks, `client` for its calls. */
export interface WorkerConnection {
  native: NativeConnection;
  client: Client;
  close(): Promise<void>;
}

/** Makes both connections, or neither. @throws TemporalError */
export async function connectWorker(settings: TemporalSettings): Promise<WorkerConnection> {
  const client = await connectClient(settings);
  try {
    const native = await connectNative(settings);
    return {
      native,
      client,
      async close() {
        await client.connection.close();
        await native.close();
      },
    };
  } catch (error) {
    await client.connection.close();
    throw await explain(error, settings);
  }
}

/** Adds a timeout: the SDK waits forever for a server that accepts the connection and says nothing. */
async function connectNative({ connection }: TemporalSettings): Promise<NativeConnection> {
  // The SDK warns of a memo beyond 2 KiB; ours holds the source's state, usually about 4 KiB.
  const connecting = NativeConnection.connect({ ...connection, payloadLimits: { memoWarnSize: MEMO_WARN_BYTES } });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error('no answer'));
      connecting.then(
        (connected) => connected.close(),
        () => undefined,
      );
    }, NATIVE_CONNECT_MS);
  });
  try {
    return await Promise.race([connecting, late]);
  } finally {
    clearTimeout(timer);
  }
}

export interface PersistenceOptions {
  logger: Logger;
  signal: AbortSignal;
  retryMs?: number;
  fatalAfterMs?: number;
}

/**
 * Calls `make` again and again until Temporal is there for all of it.
 *
 * @returns undefined if it was stopped before.
 * @throws TemporalError if it is lasting and has not passed within a minute; any error that is not Temporal's.
 */
export async function persist<T>(make: () => Promise<T>, options: PersistenceOptions): Promise<T | undefined> {
  const { logger, signal, retryMs = RETRY_MS, fatalAfterMs = FATAL_AFTER_MS } = options;
  let lastingSince: number | undefined;
  let told = { message: '', at: 0 };
  while (!signal.aborted) {
    try {
      return await make();
    } catch (error) {
      if (!(error instanceof TemporalError)) throw error;
      const { lasting, message } = error;
      const now = Date.now();
      lastingSince = lasting ? (lastingSince ?? now) : undefined;
      if (lastingSince !== undefined && now - lastingSince >= fatalAfterMs) throw error;
      if (message !== told.message || now - told.at >= REMIND_MS) {
        logger.warn(`${message}; trying again every ${retryMs / 1000} s`);
        told = { message, at: now };
      }
      await sleep(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}

/** Turns an error of a worker's start, or of its work, into a TemporalError if Temporal is the cause. */
export async function temporalPartOf(error: unknown, settings: TemporalSettings): Promise<unknown> {
  const isNative = error instanceof Error && error.name === 'TransportError';
  return answerOf(error, settings) ?? (isNative ? await explain(error, settings) : error);
}
