import { Client } from 'pg';
import { z } from 'zod';
import { startPostgres } from '../../../harness/servers/postgres';
import type { Target, There } from './target';

const thereSchema = z.object({ records: z.coerce.number(), distinct: z.coerce.number() });

/** @param bin The folder of its programs. */
export async function startPostgresTarget(bin: string): Promise<Target> {
  const server = await startPostgres(bin);
  const { url } = server;
  return { url, settings: { POSTGRES_URL: url }, there: () => thereAt(url), stop: () => server.stop() };
}

/** Counts the rows of its table. */
export async function thereAt(url: string): Promise<There> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(
      'SELECT count(*) AS records, count(DISTINCT id) AS distinct FROM chat_messages',
    );
    return thereSchema.parse(rows[0]);
  } finally {
    await client.end();
  }
}
