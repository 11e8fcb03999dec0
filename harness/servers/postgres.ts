import { chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { lowPort } from './low-port';
import { runToEnd, startServer, type Server } from './server';
import { account, folderOf, readable, remove } from './unprivileged';

/** The superuser's, `postgres`. */
const PASSWORD = 'of-nobody';

/** In PEM. */
export interface ServerCertificate {
  cert: string;
  key: string;
}

/**
 * Starts PostgreSQL with an empty database; roles need passwords.
 * @param bin The folder of its programs.
 * @param tls If it is to speak TLS, too.
 */
export async function startPostgres(bin: string, tls?: ServerCertificate): Promise<Server> {
  const who = account();
  const folder = await folderOf(who, 'postgres');
  const programs = await readable(who, join(bin, '..'), join(folder, 'program'));
  const data = join(folder, 'data');
  const log = join(folder, 'log');
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, PASSWORD, { mode: 0o644 });
  const base = { folder, account: who, log };
  await runToEnd({
    ...base,
    command: join(programs, 'bin', 'initdb'),
    args: [
      '-D',
      data,
      '-U',
      'postgres',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
      '--auth=scram-sha-256',
      '--pwfile',
      passwordFile,
    ],
  });
  const port = await lowPort();
  const url = `postgresql://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`;
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=100'];
  if (tls) {
    await writeFile(join(data, 'server.crt'), tls.cert);
    await writeFile(join(data, 'server.key'), tls.key, { mode: 0o600 });
    if (who.uid !== undefined && who.gid !== undefined) await chown(join(data, 'server.key'), who.uid, who.gid);
    settings.push('ssl=on');
  }
  return startServer(
    {
      ...base,
      command: join(programs, 'bin', 'postgres'),
      args: ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      stopSignal: 'SIGINT',
      answers: () => answers(url),
    },
    url,
    () => remove(folder),
  );
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
