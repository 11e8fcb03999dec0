import { z } from 'zod';
import { file, secureUrl } from '../../config/values';
import { define } from '../definition';

export const openSearchSettings = {
  URL: secureUrl(),
  USERNAME: z.string().optional(),
  /** How the indices' names begin, before `-2026.04`. */
  INDEX: z
    .string()
    .default('chat-messages')
    .refine(
      (name) => /^[a-z0-9][a-z0-9._-]{0,199}$/.test(name),
      'the name of an index: lower-case letters, digits, . _ and -',
    ),
  CA_FILE: file.optional(),
  CERT_FILE: file.optional(),
  KEY_FILE: file.optional(),
};
export type OpenSearchSettings = z.output<z.ZodObject<typeof openSearchSettings>>;

export const opensearch = define({
  guarantee: 'effectively once',
  // A record is in the request twice, with its text; servers take 100 MB, and with a small heap far less.
  limits: { batchBytes: 5 * 1024 ** 2, batchRecords: 1000, recordBytes: 16 * 1024 ** 2 },
  settings: openSearchSettings,
  secrets: ['PASSWORD', 'API_KEY'],
  problems: ({ USERNAME, CERT_FILE, KEY_FILE }, { prefix }, secrets) => [
    ...((USERNAME === undefined) === secrets.has('PASSWORD')
      ? [`${prefix}USERNAME and ${prefix}PASSWORD: expected both or none`]
      : []),
    ...(secrets.has('API_KEY') && secrets.has('PASSWORD')
      ? [`${prefix}API_KEY: expected either this or ${prefix}PASSWORD, not both`]
      : []),
    ...((CERT_FILE === undefined) === (KEY_FILE === undefined)
      ? []
      : [`${prefix}CERT_FILE and ${prefix}KEY_FILE: expected both or none`]),
  ],
  create: async (settings, setting) => (await import('./opensearch.js')).createOpenSearch(settings, setting),
});
