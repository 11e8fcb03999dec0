import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { freePort } from './free-port';
import type { Processes } from './processes';

const START_TRIES = 120;
const TRY_EVERY_MS = 250;

export interface TemporalServer {
  readonly pid: number;
  readonly address: string;
  readonly databaseFile: string;
  readonly client: Client;
  readonly version: string;
}

/** A dev server with a database file, as `up` starts one. */
export async function startTemporalServer(
  processes: Processes,
  root: string,
  folder: string,
  signal: AbortSignal,
): Promise<TemporalServer> {
  const cli = execFileSync(process.execPath, [join(root, 'scripts', 'temporal-cli.mjs')], { encoding: 'utf8' }).trim();
  const port = await freePort();
  const databaseFile = join(folder, 'temporal.db');
  const options = ['--ip', '127.0.0.1', '--port', String(port), '--headless', '--db-filename', databaseFile];
  const sqlite = ['--sqlite-pragma', 'journal_mode=wal'];
  const profile = ['--disable-config-file', '--disable-config-env'];
  const server = processes.spawn(cli, [
    ...profile,
    'server',
    'start-dev',
    ...options,
    ...sqlite,
    '--log-level',
    'error',
  ]);
  const address = `127.0.0.1:${port}`;
  const client = new Client({ connection: await connect(address, signal) });
  const { serverVersion } = await client.workflowService.getSystemInfo({});
  return { pid: server.pid ?? 0, address, databaseFile, client, version: serverVersion };
}

async function connect(address: string, signal: AbortSignal): Promise<Connection> {
  for (let tries = 1; ; tries++) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: '1s' });
      await connection.workflowService.describeNamespace({ namespace: 'default' });
      return connection;
    } catch (error) {
      if (tries === START_TRIES) throw error;
      await sleep(TRY_EVERY_MS, undefined, { signal });
    }
  }
}
