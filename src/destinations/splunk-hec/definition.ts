import { z } from 'zod';
import { file, secureUrl } from '../../config/values';
import { define } from '../definition';

const name = z.string().regex(/^[\x21-\x7e]{1,200}$/, 'a name of printable characters, without spaces');

export const splunkHecSettings = {
  /** What is before `/services/collector`. */
  URL: secureUrl(),
  INDEX: name.optional(),
  /** Whether a delivery waits until the indexers have it; `auto`: if the token is set up so. */
  ACK: z.enum(['auto', 'on', 'off']).default('auto'),
  SOURCETYPE: name.default('compliance-chat-sync:message'),
  HOST: name.optional(),
  COMPRESSION: z.enum(['gzip', 'none']).default('gzip'),
  CA_FILE: file.optional(),
  CERT_FILE: file.optional(),
  KEY_FILE: file.optional(),
};
export type SplunkHecSettings = z.output<z.ZodObject<typeof splunkHecSettings>>;

export const splunkHec = define({
  guarantee: 'at least once',
  // Splunk Cloud takes 1 MB before compression, with what stands around the records: up to half a kilobyte each.
  limits: { batchBytes: 800_000, batchRecords: 300, recordBytes: 800_000 },
  settings: splunkHecSettings,
  secrets: ['TOKEN'],
  problems: (_settings, { prefix }, secrets) =>
    secrets.has('TOKEN')
      ? []
      : [`${prefix}TOKEN: expected the token of an HTTP Event Collector, or ${prefix}TOKEN_FILE`],
  create: async (settings, setting) => (await import('./splunk-hec.js')).createSplunkHec(settings, setting),
});
