import { devNull } from 'node:os';
import { Client, Connection, isGrpcServiceError, ServiceError } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { DEFAULT_TEMPORAL_ADDRESS } from './contract';
import { ConfigError, type Environment } from './config';

export interface TemporalSettings {
  address: string;
  namespace: string;
  connection: NativeConnectionOptions;
}

/** `TEMPORAL_*` and Temporal's profile file, as every Temporal tool reads them; the null device is no file. */
export function temporalSettings(environment: Environment): TemporalSettings {
  const overrideEnvVars = Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name, value]],
    ),
  );
  const { connectionOptions, namespace } = load(overrideEnvVars);
  const address = connectionOptions.address ?? DEFAULT_TEMPORAL_ADDRESS;
  return { address, namespace: namespace ?? 'default', connection: { ...connectionOptions, address } };
}

function load(overrideEnvVars: Record<string, string>): ReturnType<typeof loadClientConnectConfig> {
  const disableFile = overrideEnvVars['TEMPORAL_CONFIG_FILE'] === devNull;
  try {
    return loadClientConnectConfig({ overrideEnvVars, disableFile });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`Temporal's settings (TEMPORAL_* or its profile file) cannot be used: ${reason}`, {
      cause: error,
    });
  }
}

/** Thrown when nothing answers at Temporal's address. */
export class NoTemporalError extends Error {
  override name = 'NoTemporalError';
  constructor(address: string, options?: ErrorOptions) {
    super(
      `no Temporal at ${address}: \`npm start\` starts one for this machine, \`temporal server start-dev\` another; TEMPORAL_ADDRESS names yours`,
      options,
    );
  }
}

/** Connects within 8 s. @throws NoTemporalError */
export async function connectClient({ address, namespace, connection }: TemporalSettings): Promise<Client> {
  try {
    const connected = await Connection.connect({
      ...connection,
      connectTimeout: '8s',
      // The default lets a client come back half a minute after the server did.
      channelArgs: { 'grpc.max_reconnect_backoff_ms': 5000 },
    });
    return new Client({ connection: connected, namespace });
  } catch (error) {
    if (isRefused(error)) {
      throw new Error(`Temporal at ${address} refuses these credentials: see TEMPORAL_API_KEY and TEMPORAL_TLS_...`, {
        cause: error,
      });
    }
    throw new NoTemporalError(address, { cause: error });
  }
}

const GRPC_REFUSALS: readonly number[] = [7, 16]; // PERMISSION_DENIED, UNAUTHENTICATED

function isRefused(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && GRPC_REFUSALS.includes(cause.code);
}
