import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { freePort } from './free-port';
import { ROOT } from './root';

const TRY_EVERY_MS = 250;
const START_TRIES = 240;
const NO_PROFILE = ['--disable-config-file', '--disable-config-env'];

/** A dev server with a database file, as `up` starts one; each launch uses the same file and port. */
export interface Temporal {
  readonly address: string;
  readonly databaseFile: string;
  /** A client that reconnects. */
  readonly client: Client;
  /** Starts the server. @param log The file descriptor for its stderr. */
  launch(log: number): ChildProcess;
  /** Resolves when the server answers. @throws Error after 240 attempts */
  answers(): Promise<void>;
  /** Runs a command of the Temporal CLI. @throws Error with its output if it fails or takes over 30 s */
  cli(args: readonly string[]): Promise<void>;
}

/** The path of the Temporal CLI, which holds the dev server. */
export const temporalCli = (): string =>
  execFileSync(process.execPath, [join(ROOT, 'scripts', 'temporal-cli.mjs')], { encoding: 'utf8' }).trim();

/** @param folder The database file's folder. @param values The dynamic configuration, as `name=value`. */
export async function prepareTemporal(folder: string, values: readonly string[] = []): Promise<Temporal> {
  const program = temporalCli();
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const databaseFile = join(folder, 'temporal.db');
  const args = [
    ...NO_PROFILE,
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--headless'],
    ...['--db-filename', databaseFile, '--sqlite-pragma', 'journal_mode=wal', '--log-level', 'error'],
    ...values.flatMap((value) => ['--dynamic-config-value', value]),
  ];
  const connection = Connection.lazy({ address, channelArgs: { 'grpc.max_reconnect_backoff_ms': 1000 } });
  const client = new Client({ connection });
  return {
    address,
    databaseFile,
    client,
    launch: (log) => spawn(program, args, { stdio: ['ignore', 'ignore', log], detached: true }),
    async answers() {
      const ask = (): Promise<unknown> => client.workflowService.describeNamespace({ namespace: 'default' });
      for (let tries = 1; ; tries++) {
        try {
          await client.withDeadline(Date.now() + 2000, ask);
          return;
        } catch (error) {
          if (tries === START_TRIES) throw error;
          await sleep(TRY_EVERY_MS);
        }
      }
    },
    async cli(more) {
      await promisify(execFile)(program, [...NO_PROFILE, ...more, '--address', address], { timeout: 30_000 });
    },
  };
}
