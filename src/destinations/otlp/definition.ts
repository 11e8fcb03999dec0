import { z } from 'zod';
import { file, secureUrl } from '../../config/values';
import { define } from '../definition';

export const otlpSettings = {
  /** What is before `/v1/logs`. */
  ENDPOINT: secureUrl(),
  /** `Name: value` lines, read anew for each request. */
  HEADERS_FILE: file.optional(),
  COMPRESSION: z.enum(['gzip', 'none']).default('gzip'),
  CA_FILE: file.optional(),
  CERT_FILE: file.optional(),
  KEY_FILE: file.optional(),
};
export type OtlpSettings = z.output<z.ZodObject<typeof otlpSettings>>;

export const otlp = define({
  guarantee: 'at least once',
  // A collector takes 20 MB before compression; a line becomes at most twice as long within JSON.
  limits: { batchBytes: 2_000_000, batchRecords: 1000, recordBytes: 8_000_000 },
  settings: otlpSettings,
  secrets: [],
  create: async (settings, setting) => (await import('./otlp.js')).createOtlp(settings, setting),
});
