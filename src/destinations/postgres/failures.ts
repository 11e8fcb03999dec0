import { errorCode } from '../../text/error-code';
import { DestinationError } from '../destination';
import type { Names } from './names';
import { sqlState } from './sql-state';

/** What an error of the driver or the server means, in words of our own: theirs quote rows and keys. */
export function failureOf(error: unknown, prefix: string, names: Names): DestinationError {
  if (error instanceof DestinationError) return error;
  const where = `${prefix}URL: the server`;
  const state = sqlState(error);
  if (state === undefined)
    return new DestinationError(errorCode(error) ?? 'no-answer', `${where} ${noAnswer(error, prefix)}`);
  const said = STATES[state] ?? CLASSES[state.slice(0, 2)] ?? (() => 'cannot do this now');
  return new DestinationError(state, `${where} ${said({ ...names, prefix })} (SQLSTATE ${state})`);
}

/** The rights that a role needs to deliver. */
export const rights = ({ table, position }: Names): string =>
  `it needs INSERT on ${table}, and SELECT, INSERT, UPDATE on ${position}`;

type Said = (about: Names & { prefix: string }) => string;

const credentials: Said = ({ prefix }) => `refuses these credentials: see ${prefix}URL or ${prefix}URL_FILE`;

const STATES: Readonly<Record<string, Said>> = {
  '25006': () => 'is read only: it is a standby, or default_transaction_read_only is on',
  '25P03': () => 'ended the transaction, which stood still for a minute',
  '42501': (about) => `refuses the role a right: ${rights(about)}; who creates the tables needs CREATE on their schema`,
  '42703': ({ table }) => `has no such column in ${table}: it is not the table that the migrations make`,
  '42P01': ({ table, position, prefix }) => `lacks ${table} or ${position}: see ${prefix}TABLE and ${prefix}MIGRATE`,
  '42P07': ({ table, prefix }) => `has ${table} already, and we did not create it: see ${prefix}TABLE`,
  '53300': () => 'has no connection left',
  '57014': ({ prefix }) => `takes longer than the statement may: see ${prefix}STATEMENT_TIMEOUT`,
};

const CLASSES: Readonly<Record<string, Said>> = {
  '08': () => 'lost the connection',
  '28': credentials,
  '3D': ({ prefix }) => `has no such database: see ${prefix}URL`,
  '3F': ({ prefix }) => `has no such schema, which must be created: see ${prefix}TABLE`,
  '40': () => 'had another transaction in the way',
  '42': ({ table, prefix }) => `does not take the statement: ${table} is not as it must be, see ${prefix}TABLE`,
  '53': () => 'is out of disk, memory or connections',
  '55': () => 'has something locked that this needs',
  '57': () => 'is stopping, or starting, or an operator ended the statement',
};

/** Compares texts of the driver's own, which quote nothing. */
function noAnswer(error: unknown, prefix: string): string {
  const message = error instanceof Error ? error.message : '';
  if (message === 'The server does not support SSL connections') {
    return `has no TLS: if the way to it is safe, say sslmode=disable in ${prefix}URL`;
  }
  if (message.startsWith('SASL')) return `and ${prefix}URL do not agree on a password: is there one in it?`;
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(errorCode(error) ?? '')) {
    return `has a certificate that is not trusted: see NODE_EXTRA_CA_CERTS and ${prefix}CA_FILE`;
  }
  return 'does not answer';
}
