import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { lowPort } from './low-port';
import { findServer, startServer, type Server } from './program';

/** The keys of a server's owner. */
export const rootKeys = { accessKeyId: 'test', secretAccessKey: 'test-secret' };

export interface S3Server extends Server {
  url: string;
  /** Its buckets are folders in it, and objects are files in them. */
  data: string;
}

export const findS3 = (): string | undefined => findServer('s3');

/** Starts versitygw, which keeps objects as files. @param folder Empty. */
export async function startS3(program: string, folder: string, buckets: readonly string[]): Promise<S3Server> {
  const data = join(folder, 'data');
  const iam = join(folder, 'iam');
  for (const bucket of buckets) mkdirSync(join(data, bucket), { recursive: true });
  mkdirSync(iam);
  const address = `127.0.0.1:${await lowPort()}`;
  const url = `http://${address}`;
  const server = await startServer({
    program,
    args: ['--port', address, '--iam-dir', iam, 'posix', data],
    env: { ROOT_ACCESS_KEY: rootKeys.accessKeyId, ROOT_SECRET_KEY: rootKeys.secretAccessKey },
    log: join(folder, 'log'),
    probe: () => fetch(url),
  });
  return { ...server, url, data };
}
