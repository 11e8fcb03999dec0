import { z } from 'zod';
import { file, interval } from '../../config/values';
import { define } from '../definition';
import { parseTable, RESERVED } from './names';

export const postgresSettings = {
  TABLE: z
    .string()
    .default('chat_messages')
    .refine(
      (text) => parseTable(text) !== undefined,
      `a table, or schema.table, of letters, digits and _ (not ${RESERVED.join(' or ')})`,
    ),
  /** `off`: nothing is created, and what is missing is told. */
  MIGRATE: z.enum(['on', 'off']).default('on'),
  STATEMENT_TIMEOUT: interval.optional(),
  CA_FILE: file.optional(),
  CERT_FILE: file.optional(),
  KEY_FILE: file.optional(),
};
export type PostgresSettings = z.output<z.ZodObject<typeof postgresSettings>>;

export const postgres = define({
  guarantee: 'exactly once',
  // A jsonb value holds strings of 256 MB; a record of 64 MB takes seconds.
  limits: { batchBytes: 1024 ** 2, batchRecords: 1000, recordBytes: 64 * 1024 ** 2 },
  settings: postgresSettings,
  secrets: ['URL'],
  secretProblem: (_name, value) =>
    URL.canParse(value) && /^postgres(ql)?:$/.test(new URL(value).protocol)
      ? undefined
      : 'a URL as postgresql://user:password@host:5432/database',
  problems: ({ CERT_FILE, KEY_FILE }, { prefix }, secrets) => [
    ...(secrets.has('URL') ? [] : [`${prefix}URL or ${prefix}URL_FILE is not set`]),
    ...((CERT_FILE === undefined) === (KEY_FILE === undefined)
      ? []
      : [`${prefix}CERT_FILE and ${prefix}KEY_FILE: expected both or none`]),
  ],
  create: async (settings, setting) => (await import('./postgres.js')).createPostgres(settings, setting),
});
