import { Client } from 'pg';
import { installed } from '../harness/servers/installed';
import { startPostgres } from '../harness/servers/postgres';

/** A destination of kind `postgres`. */
export interface Database {
  readonly url: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** The ids of all rows. */
  ids(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Starts PostgreSQL; null where there is none (`node scripts/servers.mjs postgres` installs one). */
export async function startDatabase(): Promise<Database | null> {
  const program = installed('postgres');
  if (program === undefined) return null;
  const server = await startPostgres(program);
  return {
    url: server.url,
    kill: () => server.kill(),
    restart: () => server.restart(),
    stop: () => server.stop(),
    async ids() {
      const client = new Client({ connectionString: server.url });
      await client.connect();
      try {
        const { rows } = await client.query<{ id: string }>('SELECT id FROM chat_messages');
        return rows.map(({ id }) => id);
      } finally {
        await client.end();
      }
    },
  };
}
