import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { z } from 'zod';
import type { Setting } from '../definition';
import { DestinationError, type RecordDestination } from '../destination';
import { headersFile } from '../headers-file';
import { createHttpClient, refusalOf, type Answer } from '../http-client';
import type { OtlpSettings } from './definition';
import { logRecordsOf } from './log-records';

const PATH = '/v1/logs';
const NOTHING = Buffer.from('{"resourceLogs":[]}');

/** 64-bit numbers are strings in the protocol's JSON. */
const answerSchema = z.object({
  partialSuccess: z.object({ rejectedLogRecords: z.union([z.string(), z.number()]).nullish() }).nullish(),
});

/** Sends records as OTLP logs, over HTTP in JSON. */
export function createOtlp(settings: OtlpSettings, setting: Setting): RecordDestination {
  const client = createHttpClient({ variable: 'ENDPOINT', url: settings.ENDPOINT, files: settings, setting });
  const { where } = client;
  const headers = headersFile(settings.HEADERS_FILE, `${setting.prefix}HEADERS_FILE`);

  /** @throws DestinationError unless all of it was taken. */
  async function send(plain: Buffer, signal: AbortSignal): Promise<void> {
    const isGzip = settings.COMPRESSION === 'gzip';
    const answer = await client.request({
      path: PATH,
      headers: {
        'content-type': 'application/json',
        ...(isGzip && { 'content-encoding': 'gzip' }),
        ...(await headers.read()),
      },
      body: isGzip ? await promisify(gzip)(plain) : plain,
      signal,
    });
    if (answer.status < 200 || answer.status >= 300) throw refusalOf(where, answer, headers.credentials);
    const rejected = rejectedIn(answer);
    if (rejected === undefined) {
      throw new DestinationError('no-otlp', `${where} does not answer as a receiver of OTLP: see its host and path`);
    }
    // Which ones is not said.
    if (rejected) throw new DestinationError('rejected', `${where} rejects some of the records`, 'refused');
  }

  return {
    async deliver(delivery, signal) {
      await send(logRecordsOf(delivery, setting), signal);
      return { refused: [] };
    },
    check: (signal) => send(NOTHING, signal),
    close: client.close,
  };
}

/** Whether something was rejected; undefined if it is no answer of OTLP. Its message is not read: it may quote a record. */
function rejectedIn({ body }: Answer): boolean | undefined {
  if (body.length === 0) return false;
  try {
    const { partialSuccess } = answerSchema.parse(JSON.parse(body.toString()));
    return Number(partialSuccess?.rejectedLogRecords ?? 0) !== 0;
  } catch {
    return undefined;
  }
}
