import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import { explain } from './errors';
import type { TemporalSettings } from './settings';

/** A connection and a first answer within 8 s, with a look at what answers instead within 10. */
const CONNECT_MS = 4000;
const NAMESPACE_MS = 3000;
/** About two seconds: what fails for longer is said, or tried again by whoever can wait. */
const TRIES_OF_A_CALL = 5;

/** Connects, and sees that the namespace is there. @throws TemporalError within 10 s, which says what is wrong */
export async function connectClient(settings: TemporalSettings): Promise<Client> {
  const { connection: options, namespace, dataConverter } = settings;
  let connection: Connection | undefined;
  try {
    connection = Connection.lazy({
      ...options,
      connectTimeout: CONNECT_MS,
      // The default lets a client come back half a minute after the server did.
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
