const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_$]{0,62}$/;

/** Tables of our own, in the schema of the messages' table. */
const POSITION = 'chat_sync_position';
const MIGRATION = 'chat_sync_migration';
export const RESERVED: readonly string[] = [POSITION, MIGRATION];

/** Names as they stand in statements: quoted, with the schema if there is one. */
export interface Names {
  table: string;
  position: string;
  migration: string;
  /** The table's name by itself, unquoted. */
  bare: string;
}

/** Reads `table` or `schema.table`; undefined for anything else, and for the names of our own tables. */
export function parseTable(text: string): Names | undefined {
  const parts = text.split('.');
  const bare = parts.at(-1) ?? '';
  if (parts.length > 2 || !parts.every((part) => IDENTIFIER.test(part)) || RESERVED.includes(bare)) return undefined;
  const schema = parts.length === 2 ? `"${parts[0] ?? ''}".` : '';
  const quoted = (name: string): string => `${schema}"${name}"`;
  return { table: quoted(bare), position: quoted(POSITION), migration: quoted(MIGRATION), bare };
}
