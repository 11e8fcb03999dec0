import type { ClientBase } from 'pg';
import type { Refusal } from '../destination';
import type { Names } from './names';
import { columns, type Row } from './rows';
import { isForRow, isForValue, sqlState } from './sql-state';

const names = Object.keys(columns) as (keyof typeof columns)[];

/**
 * Inserts rows in the transaction; one whose id is there stays as it is. What a constraint or trigger refuses is found in halves, and
 * what PostgreSQL cannot hold is inserted plainer.
 * @returns the rows that are not in it. @throws the driver's error if it is none of a row's own
 */
export async function insertRows(client: ClientBase, { table }: Names, source: string, rows: readonly Row[]) {
  const refused: Refusal[] = [];
  // Two transactions that insert the same ids in another order would wait for each other.
  await insert([...rows].sort((a, b) => compare(a.values.id ?? '', b.values.id ?? '')));
  return refused;

  async function insert(some: readonly Row[]): Promise<void> {
    await client.query('SAVEPOINT rows');
    try {
      await client.query(statement(table), [...names.map((name) => some.map(({ values }) => values[name])), source]);
      await client.query('RELEASE SAVEPOINT rows');
      return;
    } catch (error) {
      if (!isForRow(error)) throw error;
      await client.query('ROLLBACK TO SAVEPOINT rows');
      const [row] = some;
      if (some.length === 1 && row) return insertLess(row, error);
    }
    const middle = Math.ceil(some.length / 2);
    await insert(some.slice(0, middle));
    await insert(some.slice(middle));
  }

  async function insertLess({ recordId, plainer }: Row, error: unknown): Promise<void> {
    if (plainer && isForValue(error)) return insert([plainer()]);
    refused.push({ id: recordId, code: sqlState(error) ?? '' });
  }
}

/** Without a target, `ON CONFLICT` asks for no right but INSERT. Arrays: thirteen parameters, however many rows. */
const statement = (table: string): string => `
  INSERT INTO ${table} (${names.join(', ')}, source)
  SELECT ${names.map((name) => `r.${name}::${columns[name]}`).join(', ')}, $${names.length + 1}::text
  FROM unnest(${names.map((_, i) => `$${i + 1}::text[]`).join(', ')}) AS r (${names.join(', ')})
  ON CONFLICT DO NOTHING`;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
