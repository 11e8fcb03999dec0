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
  /** The same unquoted. */
  bare: { schema: string | null; table: string; migration: string };
}

/** Reads `table` or `schema.table`; undefined for anything else, and for the names of our own tables. */
export function parseTable(text: string): Names | undefined {
  const parts = text.split('.');
  const name = parts.at(-1) ?? '';
  const schema = parts.length === 2 ? (parts[0] ?? null) : null;
  if (parts.length > 2 || !parts.every((part) => IDENTIFIER.test(part)) || RESERVED.includes(name)) return undefined;
  const quoted = (of: string): string => (schema === null ? `"${of}"` : `"${schema}"."${of}"`);
  const bare = { schema, table: name, migration: MIGRATION };
  return { table: quoted(name), position: quoted(POSITION), migration: quoted(MIGRATION), bare };
}
