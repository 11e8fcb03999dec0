import { z } from 'zod';
import { file, integer, secureUrl } from '../../config/values';
import { define } from '../definition';

const ON_OFF = z.enum(['on', 'off']);
const PREFIX_BYTES = 512;
const PREFIX = /^(?!.*(^|\/)\.{1,2}(\/|$))[A-Za-z0-9=_.-]{1,255}(\/[A-Za-z0-9=_.-]{1,255})*$/;

export const s3Settings = {
  BUCKET: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9.:/_-]{2,2047}$/, 'the name of a bucket, or the ARN of an access point'),
  /** What every key begins with, without `/` at its end. */
  PREFIX: z
    .string()
    .transform((text) => text.replace(/\/+$/, ''))
    .refine(
      (text) => text.length <= PREFIX_BYTES && PREFIX.test(text),
      'names of A-Z, a-z, 0-9, =, _, . and -, with / between them, of at most 512 characters',
    )
    .optional(),
  /** Of a store that is not Amazon's. */
  ENDPOINT: secureUrl().optional(),
  /** Absent: AWS_REGION, or the AWS profile's. */
  REGION: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'a region, as eu-central-1')
    .optional(),
  FORMAT: z.enum(['ndjson.gz', 'ndjson', 'parquet']).default('ndjson.gz'),
  /** `on` with an endpoint unless it says otherwise. */
  PATH_STYLE: ON_OFF.optional(),
  CHECKSUMS: z.enum(['when_supported', 'when_required']).default('when_supported'),
  /** Whether the store knows `If-None-Match`; `off`: it is asked before each object whether that is there. */
  CONDITIONAL: ON_OFF.default('on'),
  SSE: z.enum(['AES256', 'aws:kms']).optional(),
  KMS_KEY_ID: z.string().min(1).max(2048).optional(),
  OBJECT_LOCK_MODE: z.enum(['GOVERNANCE', 'COMPLIANCE']).optional(),
  OBJECT_LOCK_DAYS: integer(1, 36_500).optional(),
  STORAGE_CLASS: z
    .string()
    .regex(/^[A-Z_]{1,64}$/, 'a storage class, as STANDARD_IA')
    .optional(),
  CA_FILE: file.optional(),
};
export type S3Settings = z.output<z.ZodObject<typeof s3Settings>>;

export const s3 = define({
  guarantee: 'effectively once',
  settings: s3Settings,
  secrets: [],
  problems: ({ SSE, KMS_KEY_ID, OBJECT_LOCK_MODE, OBJECT_LOCK_DAYS }, { prefix }) => [
    ...(KMS_KEY_ID !== undefined && SSE !== 'aws:kms'
      ? [`${prefix}KMS_KEY_ID: expected ${prefix}SSE=aws:kms with it`]
      : []),
    ...((OBJECT_LOCK_MODE === undefined) !== (OBJECT_LOCK_DAYS === undefined)
      ? [`${prefix}OBJECT_LOCK_MODE and ${prefix}OBJECT_LOCK_DAYS: expected both or none`]
      : []),
  ],
  create: async (settings, setting) => (await import('./s3.js')).createS3(settings, setting),
});
