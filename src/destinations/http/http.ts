import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Setting } from '../definition';
import type { Delivery, RecordDestination } from '../destination';
import { headersFile } from '../headers-file';
import { createHttpClient, refusalOf } from '../http-client';
import type { HttpSettings } from './definition';
import { signatureOf } from './signature';

const NEWLINE = Buffer.from('\n');
const COMMA = Buffer.from(',');

/**
 * Posts records to a URL. A delivery that is repeated has the same body and the same `Idempotency-Key`, so that a receiver
 * that keeps keys takes each record once.
 */
export function createHttp(settings: HttpSettings, setting: Setting): RecordDestination {
  const { prefix, secrets } = setting;
  const client = createHttpClient({ variable: 'URL', url: settings.URL, files: settings, setting });
  const headers = headersFile(settings.HEADERS_FILE, `${prefix}HEADERS_FILE`);

  async function deliver(delivery: Delivery, signal: AbortSignal): Promise<{ refused: [] }> {
    const isGzip = settings.COMPRESSION === 'gzip';
    const plain = settings.FORMAT === 'json' ? arrayOf(delivery) : linesOf(delivery);
    const body = isGzip ? await promisify(gzip)(plain) : plain;
    const secret = await secrets['SIGNING_SECRET']?.();
    const answer = await client.request({
      headers: {
        'content-type': settings.FORMAT === 'json' ? 'application/json' : 'application/x-ndjson',
        ...(isGzip && { 'content-encoding': 'gzip' }),
        'idempotency-key': `"${delivery.key}"`,
        'x-chat-sync-source': delivery.source,
        'x-chat-sync-window': `${delivery.window.from}/${delivery.window.to}`,
        'x-chat-sync-records': String(delivery.records.length),
        ...(secret !== undefined && signatureOf(secret, delivery.key, Math.floor(Date.now() / 1000), body)),
        ...(await headers.read()),
      },
      body,
      signal,
    });
    if (answer.status < 200 || answer.status >= 300) throw refusalOf(client.where, answer, headers.credentials);
    return { refused: [] };
  }

  return {
    deliver,
    /** Sends nothing that could be taken for a record. */
    async check(signal) {
      const answer = await client.request({ method: 'HEAD', headers: await headers.read(), signal });
      if ([401, 403].includes(answer.status)) throw refusalOf(client.where, answer, headers.credentials);
    },
    close: client.close,
  };
}

const linesOf = ({ records }: Delivery): Buffer => Buffer.concat(records.flatMap(({ line }) => [line, NEWLINE]));

const arrayOf = ({ records }: Delivery): Buffer =>
  Buffer.concat([
    Buffer.from('['),
    ...records.flatMap(({ line }, i) => (i === 0 ? [line] : [COMMA, line])),
    Buffer.from(']'),
  ]);
