import { z } from 'zod';
import { first, httpDate, retryAfter } from '../../http/headers';
import { errorCode } from '../../text/error-code';
import { DestinationError } from '../destination';

/** What is read of an error of the AWS SDK: never its message, which quotes keys, headers and what the store says. */
const errorSchema = z.object({
  name: z.string().catch(''),
  $metadata: z
    .object({ httpStatusCode: z.number().optional().catch(undefined) })
    .optional()
    .catch(undefined),
  $response: z
    .object({ headers: z.record(z.string(), z.string()).catch({}) })
    .optional()
    .catch(undefined),
});

/** The name of a failed request's error, and its status. */
export function answerIn(error: unknown): {
  name: string;
  status: number | undefined;
  retryAfterMs?: number | undefined;
} {
  const { data } = errorSchema.safeParse(error);
  if (!data) return { name: '', status: undefined };
  const headers = data.$response?.headers ?? {};
  const now = httpDate(first(headers, 'date')) ?? Date.now();
  return {
    name: data.name,
    status: data.$metadata?.httpStatusCode,
    retryAfterMs: retryAfter(first(headers, 'retry-after'), now),
  };
}

/** Names of errors: some stores have another status for them than Amazon's. */
const CREDENTIALS = new Set([
  ...[
    'AccessDenied',
    'InvalidAccessKeyId',
    'SignatureDoesNotMatch',
    'ExpiredToken',
    'InvalidToken',
    'TokenRefreshRequired',
  ],
  ...['AccountProblem', 'AllAccessDisabled'],
]);
const NO_CREDENTIALS = new Set(['CredentialsProviderError', 'TokenProviderError', 'ProviderError']);
const OTHER_REGION = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);
const BUSY = new Set(['SlowDown', 'RequestTimeout', 'ServiceUnavailable', 'Throttling', 'RequestLimitExceeded']);

/** What a failed request means. @param where The bucket, for people. @param prefix Of the settings' names. */
export function s3Error(error: unknown, where: string, prefix: string): DestinationError {
  if (error instanceof DestinationError) return error;
  const { name, status, retryAfterMs } = answerIn(error);
  const says = (code: string, what: string): DestinationError =>
    new DestinationError(
      code,
      `${where} ${what}${status === undefined ? '' : ` (status ${status})`}`,
      'wait',
      retryAfterMs,
    );
  if (NO_CREDENTIALS.has(name)) {
    return says(
      'no-credentials',
      'cannot be asked: the AWS SDK finds no credentials in the environment, its files or the machine',
    );
  }
  if (name === 'RequestTimeTooSkewed') return says('clock-skew', 'finds the clock of this machine wrong');
  if (name === 'NoSuchBucket') return says('no-such-bucket', `is not there: see ${prefix}BUCKET and ${prefix}ENDPOINT`);
  if (OTHER_REGION.has(name) || status === 301 || status === 307) {
    return says('other-region', `is in another region: see ${prefix}REGION`);
  }
  if (CREDENTIALS.has(name) || status === 401 || status === 403) {
    return says(
      'unauthorized',
      'refuses these credentials: they need s3:PutObject and s3:GetObject there, and for KMS kms:GenerateDataKey and kms:Decrypt',
    );
  }
  if (status === 501 || name === 'NotImplemented') {
    return says(
      'not-implemented',
      `knows not all that is asked for: try ${prefix}CHECKSUMS=when_required, then ${prefix}CONDITIONAL=off`,
    );
  }
  if (name === 'BadDigest' || name === 'XAmzContentSHA256Mismatch') {
    return says('damaged', 'got other bytes than were sent');
  }
  if (status === 429 || BUSY.has(name)) return says('busy', 'is busy');
  if (status !== undefined && status >= 500) return says('unavailable', 'fails');
  if (status === 404) return says('no-such-place', `has nothing there: see ${prefix}BUCKET and ${prefix}ENDPOINT`);
  if (status !== undefined) {
    return says(
      'refused-request',
      `does not take requests as they are sent: see ${prefix}CHECKSUMS, ${prefix}SSE and ${prefix}OBJECT_LOCK_MODE`,
    );
  }
  if (/^Region is missing/.test(messageOf(error))) {
    return says('no-region', `cannot be asked: no region is known, see ${prefix}REGION`);
  }
  return says(errorCode(error) ?? 'unknown', 'cannot be asked, for a reason that the AWS SDK has');
}

/** To be compared with, and never shown. */
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '');
