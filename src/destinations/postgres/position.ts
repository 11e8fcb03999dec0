import type { ClientBase } from 'pg';
import { positionSchema, type Position } from '../../domain/delivery';
import type { Names } from './names';

/** Whose position it is. */
export interface Reader {
  source: string;
  destination: string;
}

export async function readPosition(client: ClientBase, { position }: Names, reader: Reader): Promise<Position | null> {
  return positionIn(await client.query(`SELECT position ${from(position)}`, values(reader)));
}

/** Reads the position, which nobody else reads so or moves until the transaction's end. */
export async function lockPosition(client: ClientBase, { position }: Names, reader: Reader): Promise<Position | null> {
  const select = `SELECT position ${from(position)} FOR UPDATE`;
  const found = await client.query(select, values(reader));
  if (found.rowCount !== 0) return positionIn(found);
  await client.query(
    `INSERT INTO ${position} (source, destination) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
    values(reader),
  );
  return positionIn(await client.query(select, values(reader)));
}

export async function movePosition(
  client: ClientBase,
  { position }: Names,
  reader: Reader,
  next: Position,
): Promise<void> {
  await client.query(
    `UPDATE ${position} SET position = $3::jsonb, updated_at = now() WHERE source = $1 AND destination = $2`,
    [...values(reader), JSON.stringify(next)],
  );
}

/** Whether everything before `next` is delivered, if the destination is at `stored`. */
export function isDelivered(stored: Position | null, next: Position): boolean {
  if (stored === null) return false;
  if (stored.archive !== null && next.archive !== null && stored.archive !== next.archive) return false;
  if (stored.epoch !== next.epoch) return stored.epoch > next.epoch;
  return stored.entry > next.entry || (stored.entry === next.entry && stored.byte >= next.byte);
}

/** A delivery from a place to the same one is of records that were left behind: it moves nothing. */
export const isMoving = (at: Position, next: Position): boolean => at.entry !== next.entry || at.byte !== next.byte;

const from = (table: string): string => `FROM ${table} WHERE source = $1 AND destination = $2`;
const values = ({ source, destination }: Reader): string[] => [source, destination];

function positionIn({ rows }: { rows: readonly unknown[] }): Position | null {
  const [row] = rows as { position: unknown }[];
  return row === undefined || row.position === null ? null : positionSchema.parse(row.position);
}
