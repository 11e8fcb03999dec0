import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { processEnv } from '../process-env';
import { supervise, type Supervised } from '../supervised';
import type { DynamicConfig } from '../temporal';
import { lowPorts } from './low-port';

/** For good: it cannot be changed once the database is made. */
const HISTORY_SHARDS = 16;
const SERVICES = ['frontend', 'history', 'matching', 'worker'] as const;
const CONNECTIONS = 5;

/** What the nodes of a cluster share. */
export interface NodeOptions {
  /** The server's program. */
  readonly program: string;
  /** Where its configuration is written. */
  readonly folder: string;
  readonly logFolder: string;
  /** URLs of the databases. */
  readonly stores: { readonly temporal: string; readonly visibility: string };
  readonly dynamicConfig: DynamicConfig;
}

/** A node of a cluster: all four services in one process, which is restarted whenever it exits. */
export interface TemporalNode {
  readonly process: Supervised;
  /** Of its frontend. */
  readonly port: number;
}

/** Starts a node. @param number From 1. */
export async function startTemporalNode(options: NodeOptions, number: number): Promise<TemporalNode> {
  const { program, folder, logFolder } = options;
  const name = `node-${number}`;
  const ports = await lowPorts(2 * SERVICES.length);
  await mkdir(join(folder, 'config'), { recursive: true });
  await writeFile(join(folder, `${name}-dynamic.yaml`), JSON.stringify(dynamic(options.dynamicConfig)));
  const config = configOf(options, join(folder, `${name}-dynamic.yaml`), ports);
  await writeFile(join(folder, 'config', `${name}.yaml`), JSON.stringify(config));

  function launch(): ChildProcess {
    const log = openSync(join(logFolder, `temporal-${number}.log`), 'a');
    try {
      const args = ['--root', folder, '--config', 'config', '--env', name, '--allow-no-auth', 'start'];
      return spawn(program, args, { stdio: ['ignore', log, log], env: processEnv({}), detached: true });
    } finally {
      closeSync(log);
    }
  }
  return { process: supervise(`temporal ${number}`, launch), port: ports[0] ?? 0 };
}

/** JSON, which is YAML. */
function configOf({ stores }: NodeOptions, dynamicConfigFile: string, ports: readonly number[]): object {
  const [frontend] = ports;
  const rpcOf = (index: number): object => ({
    rpc: { grpcPort: ports[index], membershipPort: ports[SERVICES.length + index], bindOnLocalHost: true },
  });
  return {
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'temporal',
      visibilityStore: 'visibility',
      numHistoryShards: HISTORY_SHARDS,
      datastores: { temporal: storeOf(stores.temporal), visibility: storeOf(stores.visibility) },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: Object.fromEntries(SERVICES.map((service, index) => [service, rpcOf(index)])),
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `127.0.0.1:${frontend ?? 0}`,
        },
      },
    },
    dynamicConfigClient: { filepath: dynamicConfigFile, pollInterval: '60s' },
  };
}

function storeOf(url: string): object {
  const { host, username, password, pathname } = new URL(url);
  return {
    sql: {
      pluginName: 'postgres12',
      databaseName: pathname.slice(1),
      connectAddr: host,
      connectProtocol: 'tcp',
      user: username,
      password,
      // Each service has as many.
      maxConns: CONNECTIONS,
      maxIdleConns: CONNECTIONS,
    },
  };
}

const dynamic = (config: DynamicConfig): object =>
  Object.fromEntries(Object.entries(config).map(([key, value]) => [key, [{ value }]]));
