import { randomUUID } from 'node:crypto';
import type { ClientBase } from 'pg';
import type { Position } from '../../domain/delivery';
import type { Setting } from '../definition';
import { DestinationError, type Delivered, type Delivery, type RecordDestination } from '../destination';
import { EncodedRecord } from '../encoded-record';
import { createConnections } from './connections';
import type { PostgresSettings } from './definition';
import { insertRows } from './insert';
import { storableText } from './json-text';
import { migrate } from './migrations';
import { parseTable, type Names } from './names';
import { isDelivered, isMoving, lockPosition, movePosition, readPosition } from './position';
import { requireRights, requireTable } from './requirements';
import { rowOf } from './rows';

/** Keeps records as rows of a table, and its position beside them: both move in one transaction. */
export function createPostgres(settings: PostgresSettings, setting: Setting): RecordDestination {
  const { prefix, source, name } = setting;
  const names = namesOf(settings.TABLE);
  const connections = createConnections(settings, setting, names);
  const reader = { source, destination: name };
  let isReady = false;

  /** Before the first transaction, and again when tables went missing. */
  async function ready(signal?: AbortSignal): Promise<void> {
    if (isReady) return;
    await connections.transaction(signal, prepare);
    isReady = true;
  }

  async function prepare(client: ClientBase): Promise<void> {
    await migrate(client, names, settings.MIGRATE, prefix);
    await requireTable(client, names, prefix);
  }

  async function transaction<T>(signal: AbortSignal | undefined, work: (client: ClientBase) => Promise<T>): Promise<T> {
    await ready(signal);
    try {
      return await connections.transaction(signal, work);
    } catch (error) {
      if (error instanceof DestinationError && /^(42|3F)/.test(error.code)) isReady = false;
      throw error;
    }
  }

  async function deliver({ at, next, records, committing }: Delivery, signal: AbortSignal): Promise<Delivered> {
    const rows = records.map(rowOf);
    return transaction(signal, async (client) => {
      const stored = isMoving(at, next) ? await lockPosition(client, names, reader) : null;
      if (isDelivered(stored, next)) return { refused: [] };
      const refused = await insertRows(client, names, source, rows);
      const [first] = refused;
      if (first && refused.length === rows.length) {
        throw new DestinationError(
          first.code,
          `${names.table}: a constraint or trigger refuses this (SQLSTATE ${first.code})`,
          'refused',
        );
      }
      if (isMoving(at, next)) await committing?.(refused);
      if (isMoving(at, next)) await movePosition(client, names, reader, next);
      return { refused };
    });
  }

  const position = (): Promise<Position | null> =>
    transaction(undefined, (client) => readPosition(client, names, reader));

  async function present(ids: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>> {
    const stored = ids.map(storableText);
    const { rows } = await transaction(signal, (client) =>
      client.query<{ id: string }>(`SELECT id FROM ${names.table} WHERE id = ANY ($1::text[])`, [stored]),
    );
    const found = new Set(rows.map(({ id }) => id));
    return new Set(ids.filter((_, i) => found.has(stored[i] ?? '')));
  }

  /** Does what a delivery does, migrations included, in a transaction that is rolled back. */
  async function check(signal: AbortSignal): Promise<void> {
    const emulate = async (client: ClientBase): Promise<void> => {
      await prepare(client);
      await requireRights(client, names, prefix);
      await lockPosition(client, names, reader);
      await insertRows(client, names, source, [rowOf(new EncodedRecord(exampleLine()))]);
    };
    await connections.transaction(signal, emulate, 'ROLLBACK');
  }

  return { deliver, position, present, check, close: connections.close };
}

function namesOf(table: string): Names {
  const names = parseTable(table);
  if (!names) throw new TypeError('the name of the table was not checked');
  return names;
}

const exampleLine = (): Buffer =>
  Buffer.from(
    JSON.stringify({ id: `check-${randomUUID()}`, chat_id: 'check', created_at: '2026-01-01T00:00:00Z', role: 'user' }),
  );
