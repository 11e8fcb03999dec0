import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { OnTeardown } from '../installation';
import { startLoadBalancer } from '../load-balancer';
import { insist, temporalAt, type DynamicConfig, type Temporal } from '../temporal';
import type { Supervised } from '../supervised';
import { install, installed } from './installed';
import { startPostgres } from './postgres';
import { runToEnd, type Server } from './server';
import { startTemporalNode, type NodeOptions } from './temporal-node';

const NODES = [1, 2];
const NODE_PATIENCE_MS = 10_000;

/** A real cluster: nodes of the Temporal server on PostgreSQL, behind a load balancer. */
export interface TemporalCluster extends Temporal {
  readonly nodes: readonly Supervised[];
  readonly postgres: Server;
  /** URLs of its databases. */
  readonly databases: readonly string[];
}

export interface ClusterOptions {
  /** Where its configuration is written. */
  readonly folder: string;
  readonly logFolder: string;
  readonly dynamicConfig: DynamicConfig;
}

/** Installs what is missing, and starts a cluster with an empty database, and the namespace `default`. */
export async function startTemporalCluster(
  { folder: parent, logFolder, dynamicConfig }: ClusterOptions,
  onTeardown: OnTeardown,
): Promise<TemporalCluster> {
  const [programs, bin] = [ensure('temporal'), ensure('postgres')];
  const folder = join(parent, 'temporal');
  await mkdir(folder);
  const postgres = await startPostgres(bin);
  onTeardown(() => postgres.stop());
  const stores = { temporal: databaseAt(postgres, 'temporal'), visibility: databaseAt(postgres, 'visibility') };
  for (const [schema, url] of Object.entries(stores)) await createDatabase(join(programs, 'sql'), folder, url, schema);

  const options: NodeOptions = { program: join(programs, 'server'), folder, logFolder, stores, dynamicConfig };
  const nodes = await Promise.all(NODES.map((number) => startTemporalNode(options, number)));
  for (const { process } of nodes) onTeardown(() => process.stop(NODE_PATIENCE_MS));
  const balancer = await startLoadBalancer(nodes.map(({ port }) => port));
  onTeardown(() => balancer.close());
  const temporal = temporalAt(balancer.address);
  const each = nodes.map(({ port }) => temporalAt(`127.0.0.1:${port}`));
  for (const { client } of [temporal, ...each]) onTeardown(() => client.connection.close());
  await insist(() => temporal.cli(['operator', 'namespace', 'create', '--namespace', 'default', '--retention', '3d']));
  return {
    ...temporal,
    async answers() {
      await Promise.all(each.map((node) => node.answers()));
    },
    nodes: nodes.map(({ process }) => process),
    postgres,
    databases: Object.values(stores),
  };
}

function ensure(name: string): string {
  if (installed(name) === undefined) install(name);
  const path = installed(name);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

const databaseAt = ({ url }: Server, name: string): string => url.replace(/\/postgres$/, `/${name}`);

/** @param schema Its name in Temporal. */
async function createDatabase(program: string, folder: string, url: string, schema: string): Promise<void> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const at = ['--ep', hostname, '-p', port, '-u', username, '--pw', password, '--db', pathname.slice(1)];
  for (const command of [
    ['create'],
    ['setup-schema', '-v', '0.0'],
    ['update-schema', '--schema-name', `postgresql/v12/${schema}`],
  ]) {
    const args = ['--plugin', 'postgres12', ...at, ...command];
    await runToEnd({ command: program, args, folder, account: {}, log: join(folder, 'schema.log') });
  }
}
