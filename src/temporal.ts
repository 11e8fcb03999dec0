import { devNull } from 'node:os';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { DEFAULT_TEMPORAL_ADDRESS } from './contract';
import type { Environment } from './config';

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
  const { connectionOptions, namespace } = loadClientConnectConfig({
    overrideEnvVars,
    disableFile: environment['TEMPORAL_CONFIG_FILE'] === devNull,
  });
  const address = connectionOptions.address ?? DEFAULT_TEMPORAL_ADDRESS;
  return { address, namespace: namespace ?? 'default', connection: { ...connectionOptions, address } };
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
    throw new NoTemporalError(address, { cause: error });
  }
}
