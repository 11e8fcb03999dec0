import type { ClientBase } from 'pg';
import { DestinationError } from '../destination';
import { rights } from './failures';
import type { Names } from './names';

/** What the promise rests on, beside the migrations. @throws DestinationError, the driver's error */
export async function requireTable(client: ClientBase, names: Names, prefix: string): Promise<void> {
  const { rows } = await client.query<{ there: boolean; encoding: string; keys: string; others: string }>(
    `SELECT to_regclass($1) IS NOT NULL AS there, current_setting('server_encoding') AS encoding,
            count(*) FILTER (WHERE has_id AND indpred IS NULL) AS keys, count(*) FILTER (WHERE NOT has_id) AS others
     FROM (
       SELECT i.indpred, EXISTS (
         SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attname = 'id'
           AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])) AS has_id
       FROM pg_index i WHERE i.indrelid = to_regclass($1) AND (i.indisunique OR i.indisexclusion)
     ) AS unique_indexes`,
    [names.table],
  );
  const [found] = rows;
  if (found?.encoding !== 'UTF8') {
    throw new DestinationError(
      'not-utf8',
      `${prefix}URL: the database's encoding is not UTF8: not every text fits into it`,
    );
  }
  if (!found.there) {
    throw new DestinationError(
      '42P01',
      `${prefix}TABLE: ${names.table} is gone, and its row in ${names.migration} is not: delete that to have the table created anew`,
    );
  }
  if (found.keys === '0') {
    throw new DestinationError('no-index', `${names.table} has no unique index with id: messages could be in it twice`);
  }
  // ON CONFLICT DO NOTHING would drop whatever collides there, and say nothing.
  if (found.others !== '0') {
    throw new DestinationError(
      'foreign-index',
      `${names.table} has a unique index or an exclusion without id: messages that collide there would be lost, so drop it`,
    );
  }
}

/** @throws DestinationError, the driver's error */
export async function requireRights(client: ClientBase, names: Names, prefix: string): Promise<void> {
  const { rows } = await client.query<{ may: boolean; standby: boolean }>(
    `SELECT pg_is_in_recovery() AS standby, has_table_privilege($1, 'INSERT') AND has_table_privilege($2, 'SELECT')
       AND has_table_privilege($2, 'INSERT') AND has_table_privilege($2, 'UPDATE') AS may`,
    [names.table, names.position],
  );
  if (rows[0]?.standby) throw new DestinationError('25006', `${prefix}URL: the server is a standby, and read only`);
  if (!rows[0]?.may) throw new DestinationError('42501', `${prefix}URL: the role lacks a right: ${rights(names)}`);
}
