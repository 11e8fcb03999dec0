import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isLoopback } from '../text/loopback';
import { connectClient } from '../temporal/connect';
import { knownTrouble, NoTemporalError, TemporalError } from '../temporal/errors';
import { hostAndPort, type TemporalSettings } from '../temporal/settings';
import { endOf } from './child';

const FIND_CLI = join(__dirname, '..', '..', 'scripts', 'temporal-cli.mjs');
const UI_PORT_DISTANCE = 1000;
const START_TRIES = 60;
const RETENTION = '30d';
/** As durable as the default, at less than half the server's CPU time: WAL creates no journal file per commit. */
const SQLITE = ['--sqlite-pragma', 'journal_mode=wal'];
/** The CLI's arguments are for this server: no profile or variable may name another. */
const NO_PROFILE = ['--disable-config-file', '--disable-config-env'];

/** How much of the server's stderr is kept, bytes: enough to find the reason of a failed start. */
const SAID_KEPT = 8192;
const databaseIn = (dataDir: string): string => join(dataDir, 'temporal.db');

export interface LocalTemporal {
  /** Null if the server was running before us: then its Web UI's address is not known. */
  webUi: string | null;
  /** Resolves if the server that we started ends. */
  readonly ended: Promise<unknown>;
  /** Ends the server if we started it. */
  stop(): Promise<void>;
}

/**
 * Ensures that Temporal answers at the address: if none does and it is this machine, starts one with a database file
 * under `dataDir`. A remote one that is down is an error: a second server would hold a second timestamp.
 * @param isLoud Shows what the server says.
 * @throws TemporalError if something else answers, or refuses us; Error if there is no Temporal CLI, or no start.
 */
export async function ensureTemporal(
  settings: TemporalSettings,
  dataDir: string,
  isLoud = false,
): Promise<LocalTemporal> {
  if (await isListening(settings.address)) {
    const client = await connectClient(settings);
    await client.connection.close();
    return { webUi: null, ended: new Promise(() => undefined), stop: () => Promise.resolve() };
  }
  const { host, port } = hostAndPort(settings.address);
  if (!isLoopback(host)) throw new NoTemporalError(settings.address);
  if (settings.tls !== undefined) {
    throw new TemporalError(
      `nothing answers at ${settings.address}, and a Temporal started there has no TLS: start yours, or unset TEMPORAL_API_KEY and TEMPORAL_TLS_... (a profile may set them)`,
      true,
    );
  }
  const cli = await findCli();
  const uiPort = await freePort(port + UI_PORT_DISTANCE);
  const server = spawn(
    cli,
    [
      ...NO_PROFILE,
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${port}`, '--ui-port', `${uiPort}`],
      ...['--db-filename', databaseIn(dataDir), ...SQLITE],
      ...['--namespace', settings.namespace, '--log-level', 'error'],
    ],
    // In a process group of its own: Ctrl-C in the terminal must not end it before the worker has drained.
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  );
  const ended = endOf(server);
  let isStopping = false;
  const stop = async (): Promise<void> => {
    isStopping = true;
    server.kill('SIGTERM');
    await ended;
  };
  const said = lastOf(server);
  if (isLoud) server.stderr.pipe(process.stderr, { end: false });
  try {
    await started(server, said, settings, dataDir);
    await setRetention(cli, settings);
    // What it says of itself while it works is for those who develop it; why it ended is not.
    void ended.then(() => isStopping || isLoud || process.stderr.write(said()));
  } catch (error) {
    await stop();
    throw error;
  }
  return { webUi: `http://localhost:${uiPort}/namespaces/${settings.namespace}/workflows`, ended, stop };
}

/** The end of what a process says on stderr. */
function lastOf(server: ChildProcess): () => string {
  let said = '';
  server.stderr?.on('data', (chunk: Buffer) => void (said = `${said}${chunk.toString()}`.slice(-SAID_KEPT)));
  return () => said;
}

async function started(
  server: ChildProcess,
  said: () => string,
  settings: TemporalSettings,
  dataDir: string,
): Promise<void> {
  for (let tries = 0; tries < START_TRIES && server.exitCode === null; tries++) {
    if (await answers(settings)) return;
    await sleep(250);
  }
  const trouble = knownTrouble(said());
  if (trouble === undefined) process.stderr.write(said());
  throw new Error(
    `the Temporal server did not start at ${settings.address} on ${databaseIn(dataDir)}: ${trouble ?? 'is the port free, and the folder writable?'}`,
  );
}

async function answers(settings: TemporalSettings): Promise<boolean> {
  if (!(await isListening(settings.address))) return false;
  try {
    const client = await connectClient(settings);
    await client.connection.close();
    return true;
  } catch {
    return false;
  }
}

async function findCli(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [FIND_CLI]);
    return stdout.trim();
  } catch {
    throw new Error('no Temporal CLI: `node scripts/setup.mjs` installs one, TEMPORAL_CLI_PATH names yours');
  }
}

/** Checks the port alone, which is instant; gRPC would retry for seconds. */
function isListening(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(hostAndPort(address));
    socket.setTimeout(5000, () => socket.destroy());
    socket.once('connect', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('close', () => resolve(false));
    socket.once('error', () => socket.destroy());
  });
}

/** The wanted port, or any other if it is taken. */
async function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', () => (wanted === 0 ? reject(new Error('no free port')) : resolve(freePort(0))));
    probe.listen(wanted, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : wanted));
    });
  });
}

/** By default the server keeps ended runs for a day: too short to look into last week's failure. */
async function setRetention(cli: string, { address, namespace }: TemporalSettings): Promise<void> {
  const args = [
    ...NO_PROFILE,
    'operator',
    'namespace',
    'update',
    '--retention',
    RETENTION,
    '--namespace',
    namespace,
    '--address',
    address,
  ];
  await promisify(execFile)(cli, args);
}
