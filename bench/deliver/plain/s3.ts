import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { rootKeys } from '../../../harness/servers/s3';
import { BUCKET, type OpenPlain } from './spec';

const NEWLINE = Buffer.from('\n');

/** An object for each part. */
export const openS3: OpenPlain = async ({ url }) => {
  const client = new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials: rootKeys });
  let parts = 0;
  return async (lines) => {
    const Body = await promisify(gzip)(Buffer.concat(lines.flatMap((line) => [line, NEWLINE])));
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: `part-${(parts += 1)}.ndjson.gz`, Body }));
  };
};
