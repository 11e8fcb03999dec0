import { DatabaseError } from 'pg';

/** PostgreSQL's code of an error; undefined if the error is not the server's. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof DatabaseError)) return undefined;
  return error.code !== undefined && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : 'XX000';
}

/**
 * Classes of errors that are not a row's: transactions, connections, credentials, missing tables and rights, full disks, operators,
 * the server itself. What is in none of them, a trigger's own codes included, is the row's.
 */
const NOT_FOR_ROW = new Set([
  ...['03', '08', '0A', '0B', '0L', '0P', '20', '24', '25', '26', '28', '2B', '2D', '34', '3B', '3D', '3F'],
  ...['40', '42', '53', '55', '57', '58', '72', 'F0', 'HV', 'XX'],
]);
const classOf = (state: string): string => state.slice(0, 2);

/** Whether a row is refused for what it is: its values, a constraint, a trigger. */
export function isForRow(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && !NOT_FOR_ROW.has(classOf(state));
}

/** Whether a value is out of range, too large or too deep. */
export const isForValue = (error: unknown): boolean => ['22', '54'].includes(classOf(sqlState(error) ?? ''));
