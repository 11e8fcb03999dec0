import { execFile, execFileSync, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { freePort } from '../bench/free-port';
import { supervise, type Supervised } from './supervised';

const TRY_EVERY_MS = 250;
const START_TRIES = 240;
const NO_PROFILE = ['--disable-config-file', '--disable-config-env'];
/** The server suggests to continue as new after so many events instead of 4096: big syncs then take several runs. */
const EVENTS_OF_A_RUN = 400;

/** A dev server with a database file, which comes back with the same file and port whatever ends it. */
export interface Temporal {
  readonly process: Supervised;
  readonly address: string;
  readonly databaseFile: string;
  /** Reconnects by itself. */
  readonly client: Client;
  /** Resolves when the server answers. */
  answers(): Promise<void>;
  /** Runs the Temporal CLI, as an operator does. @throws Error with what it says. */
  cli(args: readonly string[]): Promise<void>;
}

export async function startTemporal(root: string, dataDir: string, logFile: string): Promise<Temporal> {
  const cli = execFileSync(process.execPath, [join(root, 'scripts', 'temporal-cli.mjs')], { encoding: 'utf8' }).trim();
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const databaseFile = join(dataDir, 'temporal.db');
  const args = [
    ...NO_PROFILE,
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--headless'],
    ...['--db-filename', databaseFile, '--sqlite-pragma', 'journal_mode=wal', '--log-level', 'error'],
    ...['--dynamic-config-value', `limit.historyCount.suggestContinueAsNew=${EVENTS_OF_A_RUN}`],
  ];
  const log = openSync(logFile, 'a');
  const process_ = supervise('temporal', () => spawn(cli, args, { stdio: ['ignore', log, log], detached: true }));
  const connection = Connection.lazy({ address, channelArgs: { 'grpc.max_reconnect_backoff_ms': 1000 } });
  const client = new Client({ connection });
  return {
    process: process_,
    address,
    databaseFile,
    client,
    async answers() {
      for (let tries = 1; ; tries++) {
        try {
          await client.withDeadline(Date.now() + 2000, () =>
            client.workflowService.describeNamespace({ namespace: 'default' }),
          );
          return;
        } catch (error) {
          if (tries === START_TRIES) throw error;
          await sleep(TRY_EVERY_MS);
        }
      }
    },
    async cli(more) {
      await promisify(execFile)(cli, [...NO_PROFILE, ...more, '--address', address], { timeout: 30_000 });
    },
  };
}
