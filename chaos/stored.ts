import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Client } from 'pg';

/** What a server has stored, and where. */
export type Stored = AsyncGenerator<[place: string, content: Buffer]>;

/** The database file of the dev server, and its log. */
export async function* storedInFile(databaseFile: string): Stored {
  for (const file of [databaseFile, `${databaseFile}-wal`]) {
    yield [basename(file), await readFile(file).catch(() => Buffer.alloc(0))];
  }
}

/** Every value of every table: the files of a database hold large values compressed. */
export async function* storedInTables(databases: readonly string[]): Stored {
  for (const connectionString of databases) {
    const client = new Client({ connectionString });
    await client.connect();
    try {
      const query = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'";
      for (const [table] of await rowsOf<[string]>(client, query)) {
        const rows = await rowsOf(client, `SELECT * FROM ${table}`);
        yield [`the table ${table}`, Buffer.concat(rows.flat().map(bytesOf))];
      }
    } finally {
      await client.end();
    }
  }
}

const rowsOf = async <Row extends unknown[]>(client: Client, text: string): Promise<Row[]> =>
  (await client.query<Row>({ text, rowMode: 'array' })).rows;

const bytesOf = (value: unknown): Buffer =>
  Buffer.isBuffer(value) ? value : Buffer.from(`${JSON.stringify(value)}\n`);
