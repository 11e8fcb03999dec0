import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import { explain } from './errors';
import type { TemporalSettings } from './settings';

/** Connecting and a first answer take at most 8 s, and a failure is explained within 10 s. */
const CONNECT_MS = 4000;
const NAMESPACE_MS = 3000;
/** About two seconds: a call that fails for longer is reported, or retried by a caller that can wait. */
const TRIES_OF_A_CALL = 5;

/** Connects, and checks that the namespace exists. @throws TemporalError within 10 s, which says what is wrong */
export async function connectClient(settings: TemporalSettings): Promise<Client> {
  const { connection: options, namespace, dataConverter } = settings;
  let connection: Connection | undefined;
  try {
    connection = Connection.lazy({
      ...options,
      connectTimeout: CONNECT_MS,
      // With the default a client may reconnect half a minute after the server is back.
      channelArgs: { 'grpc.max_reconnect_backoff_ms': 5000 },
      interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: TRIES_OF_A_CALL }))],
    });
    const connected = connection;
    await connected.ensureConnected();
    await connected.withDeadline(Date.now() + NAMESPACE_MS, () =>
      connected.workflowService.describeNamespace({ namespace }),
    );
    return new Client({ connection: connected, namespace, dataConverter });
  } catch (error) {
    await connection?.close();
    throw await explain(error, settings);
  }
}
