import type { Client } from '@temporalio/client';
import { loadClientConfig, type ClientConfig } from '../config/config';
import type { Environment } from '../config/environment';
import { createSource, sourcesOf, type Source } from '../source';
import { graded } from '../text/grade';
import { printable } from '../text/printable';
import { connectClient } from '../temporal/connect';
import { answerOf } from '../temporal/errors';
import { temporalSettings, type TemporalSettings } from '../temporal/settings';

/** A command's access to Temporal, by SOURCE, TEMPORAL_* and LOG_* alone. */
export interface Session {
  config: ClientConfig;
  temporal: TemporalSettings;
  client: Client;
  source: Source;
}

/** Runs a command with a connection to Temporal, and closes it afterwards. @throws ConfigError, TemporalError */
export async function withSession<T>(environment: Environment, run: (session: Session) => Promise<T>): Promise<T> {
  const config = loadClientConfig(environment);
  const temporal = temporalSettings(environment);
  const client = await connectClient(temporal);
  try {
    return await run({ config, temporal, client, source: createSource(client, config.source) });
  } catch (error) {
    throw answerOf(error, temporal) ?? error;
  } finally {
    await client.connection.close();
  }
}

/** Names the other sources that there are, for whom SOURCE is misspelt. */
export async function orAnother({ client, source }: Pick<Session, 'client' | 'source'>): Promise<string> {
  const others = (await sourcesOf(client)).filter((name) => name !== source.name);
  return others.length > 0 ? `; or SOURCE is one of ${others.join(', ')}` : '';
}

/** How long a command waits for a worker to answer. */
const WORKER_ANSWER_MS = 10_000;

/** Runs a call that needs a worker. @throws Error if none serves the source, or none answers within 10 s. */
export async function withWorker<T>({ client, source }: Session, run: () => Promise<T>): Promise<T> {
  const none = `no worker serves source ${source.name}: start one with \`chat-sync worker\` (or \`npm start\`), then try again`;
  if ((await source.workers()) === 0) throw new Error(`${none}${await orAnother({ client, source })}`);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in 10 s; ${none}`)), WORKER_ANSWER_MS);
  });
  try {
    return await Promise.race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What stands on the terminal and changes, as a bar: it makes room for a line. */
let movable: { clear(): void } | undefined;
export const setMovable = (next: { clear(): void } | undefined): void => void (movable = next);

export function say(line: string): void {
  movable?.clear();
  process.stderr.write(`${graded(printable(line), process.stderr)}\n`);
}

export function print(line: string): void {
  movable?.clear();
  process.stdout.write(`${graded(printable(line), process.stdout)}\n`);
}
