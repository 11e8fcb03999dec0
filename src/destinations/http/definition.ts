import { z } from 'zod';
import { file, secureUrl } from '../../config/values';
import { define } from '../definition';

export const httpSettings = {
  URL: secureUrl({ query: true }),
  /** `Name: value` lines, read anew for each request. */
  HEADERS_FILE: file.optional(),
  FORMAT: z.enum(['ndjson', 'json']).default('ndjson'),
  COMPRESSION: z.enum(['none', 'gzip']).default('none'),
  CA_FILE: file.optional(),
  CERT_FILE: file.optional(),
  KEY_FILE: file.optional(),
};
export type HttpSettings = z.output<z.ZodObject<typeof httpSettings>>;

export const http = define({
  guarantee: 'at least once',
  // nginx, before many a receiver, refuses more than 1 MB unless told otherwise.
  limits: { batchBytes: 800_000, batchRecords: 10_000, recordBytes: 64 * 1024 * 1024 },
  settings: httpSettings,
  secrets: ['SIGNING_SECRET'],
  create: async (settings, setting) => (await import('./http.js')).createHttp(settings, setting),
});
