import { devNull } from 'node:os';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { DataConverter } from '@temporalio/common';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { ConfigError, type Environment } from '../config/environment';
import { DEFAULT_TEMPORAL_ADDRESS } from '../contract';
import { dataConverterOf } from './payload-codec';
import { printable } from '../text/printable';
import type { Tls } from './what-answers';

export interface TemporalSettings {
  address: string;
  namespace: string;
  connection: NativeConnectionOptions;
  /** The TLS options in Node's own form; undefined without TLS. */
  tls: Tls | undefined;
  dataConverter: DataConverter;
}

/**
 * Reads `TEMPORAL_*` and Temporal's profile file as every Temporal tool does; the null device as the file means none.
 * `TEMPORAL_PAYLOAD_CODEC` is a setting of this product.
 *
 * @throws ConfigError
 */
export function temporalSettings(environment: Environment): TemporalSettings {
  const overrideEnvVars = Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name, value]],
    ),
  );
  const { TEMPORAL_TLS: tls } = overrideEnvVars;
  if (tls !== undefined && !/^(true|false|1|0)$/.test(tls)) {
    throw new ConfigError(`TEMPORAL_TLS=${printable(tls)}: expected true or false`);
  }
  const { connectionOptions, namespace } = load(overrideEnvVars);
  const address = connectionOptions.address ?? DEFAULT_TEMPORAL_ADDRESS;
  if (address.includes('/') || !URL.canParse(`tcp://${address}`)) {
    throw new ConfigError(`TEMPORAL_ADDRESS=${printable(address)}: expected host:port, without https://`);
  }
  const connection = { ...connectionOptions, address };
  const dataConverter = dataConverterOf(environment);
  return { address, namespace: namespace ?? 'default', connection, tls: tlsOf(connection), dataConverter };
}

function load(overrideEnvVars: Record<string, string>): ReturnType<typeof loadClientConnectConfig> {
  const disableFile = overrideEnvVars['TEMPORAL_CONFIG_FILE'] === devNull;
  try {
    return loadClientConnectConfig({ overrideEnvVars, disableFile });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`Temporal's settings (TEMPORAL_* or its profile file) cannot be used: ${printable(reason)}`, {
      cause: error,
    });
  }
}

/** An API key turns TLS on, unless TLS is set to off. */
function tlsOf({ tls, apiKey }: NativeConnectionOptions): Tls | undefined {
  const used = tls ?? apiKey !== undefined;
  if (used === false) return undefined;
  const {
    serverNameOverride: servername,
    serverRootCACertificate: ca,
    clientCertPair: pair,
  } = used === true ? {} : used;
  return {
    ...(servername && { servername }),
    ...(ca && { ca: Buffer.from(ca) }),
    ...(pair && { cert: Buffer.from(pair.crt), key: Buffer.from(pair.key) }),
  };
}

/** Splits `host:port`, `[::1]:port`, or a host alone, which gets Temporal's default port. */
export function hostAndPort(address: string): { host: string; port: number } {
  const url = new URL(`tcp://${address}`);
  const standard = Number(DEFAULT_TEMPORAL_ADDRESS.split(':')[1]);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || standard) };
}
