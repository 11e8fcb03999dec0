import { openSync } from 'node:fs';
import { join } from 'node:path';
import { prepareDevServer } from '../harness/dev-server';
import type { OnTeardown } from '../harness/installation';
import type { Server } from '../harness/servers/server';
import { startTemporalCluster, type ClusterOptions } from '../harness/servers/temporal-cluster';
import { supervise, type Supervised } from '../harness/supervised';
import type { Temporal } from '../harness/temporal';
import { storedInFile, storedInTables, type Stored } from './stored';

const PATIENCE_MS = 10_000;

/** The Temporal Service of a run: servers, which faults end, and what they store. */
export interface TemporalService extends Temporal {
  /** The dev server, or the nodes of the cluster. */
  readonly servers: readonly Supervised[];
  /** The cluster's PostgreSQL; null with the dev server. */
  readonly postgres: Server | null;
  stored(): Stored;
}

export interface ServiceOptions extends ClusterOptions {
  /** For the dev server's database file. */
  readonly dataDir: string;
}

/** Starts the dev server, as `up` does. */
export async function startDevServer(
  { dataDir, logFolder, dynamicConfig }: ServiceOptions,
  onTeardown: OnTeardown,
): Promise<TemporalService> {
  const temporal = await prepareDevServer(dataDir, dynamicConfig);
  const log = openSync(join(logFolder, 'temporal.log'), 'a');
  const server = supervise('temporal', () => temporal.launch(log));
  onTeardown(() => server.stop(PATIENCE_MS));
  onTeardown(() => temporal.client.connection.close());
  return { ...temporal, servers: [server], postgres: null, stored: () => storedInFile(temporal.databaseFile) };
}

/** Starts a cluster. */
export async function startCluster(options: ServiceOptions, onTeardown: OnTeardown): Promise<TemporalService> {
  const { nodes, databases, ...temporal } = await startTemporalCluster(options, onTeardown);
  return { ...temporal, servers: nodes, stored: () => storedInTables(databases) };
}
