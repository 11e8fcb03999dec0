import type { ClientBase } from 'pg';
import { DestinationError } from '../destination';
import type { Names } from './names';

/** Any number, as long as nobody else's lock has it. */
const LOCK = 7_236_118_407_551;

/** Statements that bring the tables from one number to the next. What was released is never changed: add another. */
const migrations: readonly ((names: Names) => readonly string[])[] = [
  ({ table, position }) => [
    `CREATE TABLE IF NOT EXISTS ${position} (source text, destination text, position jsonb, updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (source, destination))`,
    `CREATE TABLE ${table} (id text PRIMARY KEY, chat_id text NOT NULL, chat_name text, role text, created_at timestamptz, user_id text, user_email text, organization_id text, organization_uuid text, project_id text, record jsonb NOT NULL, raw text, source text NOT NULL, synced_at timestamptz NOT NULL DEFAULT now())`,
    `CREATE INDEX ON ${table} (created_at)`,
    `CREATE INDEX ON ${table} (chat_id, created_at)`,
  ],
];

/** The statements that are missing. @param from The number that the tables are at; null: not even that is there. */
function statements(names: Names, from: number | null): string[] {
  const { migration, bare } = names;
  const first = [
    `CREATE TABLE ${migration} (table_name text, number integer, applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (table_name, number))`,
    `GRANT SELECT ON ${migration} TO PUBLIC`,
  ];
  return [
    ...(from === null ? first : []),
    ...migrations
      .slice(from ?? 0)
      .flatMap((migrate, i) => [
        ...migrate(names),
        `INSERT INTO ${migration} (table_name, number) VALUES ('${bare.table}', ${(from ?? 0) + i + 1})`,
      ]),
  ];
}

/** Brings the tables to the newest number, within the client's transaction. @throws DestinationError, the driver's error */
export async function migrate(client: ClientBase, names: Names, mode: 'on' | 'off', prefix: string): Promise<void> {
  if (isNewest(await numberOf(client, names), prefix)) return;
  if (mode === 'off') {
    const missing = statements(names, await numberOf(client, names));
    throw new DestinationError(
      'not-migrated',
      `${prefix}MIGRATE is off, and tables are missing or old. To be run by their owner: ${missing.join('; ')};`,
    );
  }
  // Not a session's lock: behind a pooler, sessions are shared.
  await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
  for (const statement of statements(names, await numberOf(client, names))) await client.query(statement);
}

function isNewest(number: number | null, prefix: string): boolean {
  if ((number ?? 0) <= migrations.length) return number === migrations.length;
  throw new DestinationError('too-new', `${prefix}TABLE was migrated by a newer version: start that one`);
}

async function numberOf(client: ClientBase, { migration, bare }: Names): Promise<number | null> {
  // to_regclass would answer from a cache that is older than the lock.
  const table = await client.query(
    `SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relname = $1 AND (n.nspname = $2 OR $2 IS NULL AND pg_table_is_visible(c.oid))`,
    [bare.migration, bare.schema],
  );
  if (table.rowCount === 0) return null;
  const { rows } = await client.query<{ number: number }>(
    `SELECT coalesce(max(number), 0) AS number FROM ${migration} WHERE table_name = $1`,
    [bare.table],
  );
  return rows[0]?.number ?? 0;
}
