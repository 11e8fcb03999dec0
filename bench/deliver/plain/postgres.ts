import { Client } from 'pg';
import { parse, type OpenPlain } from './spec';

const COLUMNS = {
  id: 'text',
  chat_id: 'text',
  chat_name: 'text',
  role: 'text',
  created_at: 'timestamptz',
  user_id: 'text',
  user_email: 'text',
  organization_id: 'text',
  organization_uuid: 'text',
  project_id: 'text',
  record: 'jsonb',
};
const NAMES = Object.keys(COLUMNS);
/** The product's table. */
const TABLES = `
  CREATE TABLE chat_sync_position (source text PRIMARY KEY, position jsonb);
  INSERT INTO chat_sync_position VALUES ('bench', '{}');
  CREATE TABLE chat_messages (id text PRIMARY KEY, chat_id text NOT NULL, chat_name text, role text, created_at timestamptz,
    user_id text, user_email text, organization_id text, organization_uuid text, project_id text, record jsonb NOT NULL,
    raw text, source text NOT NULL DEFAULT 'bench', synced_at timestamptz NOT NULL DEFAULT now());
  CREATE INDEX ON chat_messages (created_at);
  CREATE INDEX ON chat_messages (chat_id, created_at)`;
const INSERT = `INSERT INTO chat_messages (${NAMES.join(', ')})
  SELECT ${Object.entries(COLUMNS)
    .map(([name, type]) => `r.${name}::${type}`)
    .join(', ')}
  FROM unnest(${NAMES.map((_, i) => `$${i + 1}::text[]`).join(', ')}) AS r (${NAMES.join(', ')}) ON CONFLICT DO NOTHING`;

/** Rows and the position in one transaction. */
export const openPostgres: OpenPlain = async ({ url }) => {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(TABLES);
  let written = 0;
  return async (lines) => {
    const rows = lines.map(rowOf);
    written += lines.length;
    await client.query('BEGIN');
    await client.query("SELECT position FROM chat_sync_position WHERE source = 'bench' FOR UPDATE");
    await client.query(
      INSERT,
      NAMES.map((_, i) => rows.map((row) => row[i])),
    );
    await client.query("UPDATE chat_sync_position SET position = $1::jsonb WHERE source = 'bench'", [`${written}`]);
    await client.query('COMMIT');
  };
};

function rowOf(line: Buffer): string[] {
  const { id, chat_id, chat_name, role, created_at, chat_user, ...rest } = parse(line);
  const { organization_id, organization_uuid, project_id } = rest;
  return [
    ...[id, chat_id, chat_name, role, created_at, chat_user.id, chat_user.email_address],
    ...[organization_id, organization_uuid, project_id, line.toString()],
  ];
}
