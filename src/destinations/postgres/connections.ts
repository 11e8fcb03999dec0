import { readFile } from 'node:fs/promises';
import { Pool, type ClientBase, type PoolClient } from 'pg';
import { within } from '../../http/with-timeout';
import { errorCode } from '../../text/error-code';
import type { Setting } from '../definition';
import { DestinationError } from '../destination';
import { connectionOptions } from './connection-options';
import type { PostgresSettings } from './definition';
import { failureOf } from './failures';
import type { Names } from './names';
import { sqlState } from './sql-state';

const CONNECT_MS = 10_000;
/** A server that has gone without a word is given up then. */
const LONGEST_MS = 300_000;

type Files = Pick<PostgresSettings, 'CA_FILE' | 'CERT_FILE' | 'KEY_FILE' | 'STATEMENT_TIMEOUT'>;

/** Runs transactions. The URL and the certificates are read for each, so that they can be renewed while the worker runs. */
export function createConnections(settings: Files, { prefix, secrets, build }: Setting, names: Names) {
  let current: { from: string; pool: Pool } | undefined;
  // A suspended worker's transaction must not hold the position for ever.
  const begin = [
    'BEGIN ISOLATION LEVEL READ COMMITTED',
    "SET LOCAL idle_in_transaction_session_timeout = '60s'",
    // What a deferred constraint refuses would be known too late.
    'SET CONSTRAINTS ALL IMMEDIATE',
    ...(settings.STATEMENT_TIMEOUT === undefined
      ? []
      : [`SET LOCAL statement_timeout = ${settings.STATEMENT_TIMEOUT}`]),
  ].join('; ');

  async function open(): Promise<Pool> {
    const url = await secrets['URL']?.();
    if (url === undefined) throw new DestinationError('no-secret', `${prefix}URL is not set`);
    const [ca, cert, key] = await Promise.all([pem('CA_FILE'), pem('CERT_FILE'), pem('KEY_FILE')]);
    const from = JSON.stringify([url, ca, cert, key]);
    if (current?.from === from) return current.pool;
    const pool = new Pool({
      ...connectionOptions(url, { ca, cert, key }, prefix),
      ...{ max: 4, connectionTimeoutMillis: CONNECT_MS, query_timeout: LONGEST_MS, keepAlive: true },
      application_name: `compliance-chat-sync/${build}`,
    });
    // Without a listener, a server that restarts would end the worker.
    pool.on('error', () => undefined);
    const old = current;
    current = { from, pool };
    void old?.pool.end();
    return pool;
  }

  async function pem(name: 'CA_FILE' | 'CERT_FILE' | 'KEY_FILE'): Promise<string | undefined> {
    const path = settings[name];
    if (path === undefined) return undefined;
    return readFile(path, 'utf8').catch((error: unknown) => {
      throw new DestinationError(errorCode(error) ?? 'unknown', `the file that ${prefix}${name} names cannot be read`);
    });
  }

  /**
   * @param end Whether what was done stays.
   * @throws DestinationError; the signal's reason, and then the connection is cut
   */
  async function transaction<T>(
    signal: AbortSignal | undefined,
    work: (client: ClientBase) => Promise<T>,
    end: 'COMMIT' | 'ROLLBACK' = 'COMMIT',
  ): Promise<T> {
    try {
      const connecting = (await open()).connect();
      const client = await within(connecting, 2 * CONNECT_MS, signal, (late) => late.release());
      return await inTransaction(client, signal, work, end);
    } catch (error) {
      signal?.throwIfAborted();
      throw failureOf(error, prefix, names);
    }
  }

  async function inTransaction<T>(
    client: PoolClient,
    signal: AbortSignal | undefined,
    work: (client: ClientBase) => Promise<T>,
    end: 'COMMIT' | 'ROLLBACK',
  ): Promise<T> {
    // The pool listens to idle ones only.
    const ignore = (): void => undefined;
    const lease = { isOver: false };
    const release = (isBroken: boolean): void => {
      if (lease.isOver) return;
      lease.isOver = true;
      signal?.removeEventListener('abort', cut);
      client.release(isBroken);
      client.off('error', ignore);
    };
    const cut = (): void => release(true);
    client.on('error', ignore);
    signal?.addEventListener('abort', cut, { once: true });
    if (signal?.aborted) cut();
    try {
      await client.query(begin);
      const result = await work(client);
      await client.query(end);
      release(false);
      return result;
    } catch (error) {
      const isUsable = sqlState(error) !== undefined || error instanceof DestinationError;
      if (isUsable && !lease.isOver) await client.query('ROLLBACK').then(() => release(false), cut);
      release(true);
      throw error;
    }
  }

  async function close(): Promise<void> {
    const last = current;
    current = undefined;
    await last?.pool.end();
  }

  return { transaction, close };
}
