import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { freePort } from './free-port';
import { NO_PROFILE, temporalAt, temporalCli, type DynamicConfig, type Temporal } from './temporal';

/** Temporal's development server with a database file, as `up` starts one; each launch uses the same file and port. */
export interface DevServer extends Temporal {
  readonly databaseFile: string;
  /** Starts the server. @param log The file descriptor for its stderr. */
  launch(log: number): ChildProcess;
}

/** @param folder The database file's folder. */
export async function prepareDevServer(folder: string, dynamicConfig: DynamicConfig = {}): Promise<DevServer> {
  const program = temporalCli();
  const port = await freePort();
  const databaseFile = join(folder, 'temporal.db');
  const args = [
    ...NO_PROFILE,
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--headless'],
    ...['--db-filename', databaseFile, '--sqlite-pragma', 'journal_mode=wal', '--log-level', 'error'],
    ...Object.entries(dynamicConfig).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]),
  ];
  return {
    ...temporalAt(`127.0.0.1:${port}`),
    databaseFile,
    launch: (log) => spawn(program, args, { stdio: ['ignore', 'ignore', log], detached: true }),
  };
}
