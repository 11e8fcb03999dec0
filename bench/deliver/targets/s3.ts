import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { rootKeys, startS3 } from '../../../harness/servers/s3';
import { BUCKET } from '../plain/spec';
import { countIds, type Target } from './target';

const recordSchema = z.object({ id: z.string() });

/** @param folder Empty. */
export async function startS3Target(program: string, folder: string): Promise<Target> {
  const server = await startS3(program, folder, [BUCKET]);
  return {
    url: server.url,
    settings: {
      S3_BUCKET: BUCKET,
      S3_ENDPOINT: server.url,
      AWS_ACCESS_KEY_ID: rootKeys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: rootKeys.secretAccessKey,
    },
    there: () => countIds(idsIn(join(server.data, BUCKET))),
    stop: () => server.stop(),
  };
}

/** The ids of all objects, which are files there. */
async function* idsIn(bucket: string): AsyncGenerator<string> {
  const files = await readdir(bucket, { recursive: true });
  for (const file of files.filter((name) => name.endsWith('.ndjson.gz'))) {
    const lines = createInterface({ input: createReadStream(join(bucket, file)).pipe(createGunzip()) });
    for await (const line of lines) yield recordSchema.parse(JSON.parse(line)).id;
  }
}
