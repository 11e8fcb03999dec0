import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Setting } from '../definition';
import { DestinationError, type Delivery, type RecordDestination } from '../destination';
import { createHttpClient, refusalOf } from '../http-client';
import type { HttpSettings } from './definition';
import { signatureOf } from './signature';

const NEWLINE = Buffer.from('\n');
const COMMA = Buffer.from(',');
const HEADER = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;

/**
 * Posts records to a URL. A delivery that is repeated has the same body and the same `Idempotency-Key`, so that a receiver
 * that keeps keys takes each record once.
 */
export function createHttp(settings: HttpSettings, setting: Setting): RecordDestination {
  const { prefix, secrets } = setting;
  const client = createHttpClient({ variable: 'URL', url: settings.URL, files: settings, setting });
  const credentials =
    settings.HEADERS_FILE === undefined ? `${prefix}HEADERS_FILE` : `the file that ${prefix}HEADERS_FILE names`;

  async function headers(): Promise<Record<string, string>> {
    if (settings.HEADERS_FILE === undefined) return {};
    const text = await readFile(settings.HEADERS_FILE, 'utf8').catch(() => {
      throw new DestinationError('no-headers', `the file that ${prefix}HEADERS_FILE names cannot be read`);
    });
    return headersIn(text, `${prefix}HEADERS_FILE`);
  }

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
        ...(await headers()),
      },
      body,
      signal,
    });
    if (answer.status < 200 || answer.status >= 300) throw refusalOf(client.where, answer, credentials);
    return { refused: [] };
  }

  return {
    deliver,
    /** Sends nothing that could be taken for a record. */
    async check(signal) {
      const answer = await client.request({ method: 'HEAD', headers: await headers(), signal });
      if ([401, 403].includes(answer.status)) throw refusalOf(client.where, answer, credentials);
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

/** @throws DestinationError; nothing of the file is quoted, as it holds secrets. */
export function headersIn(text: string, variable: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name, value] = HEADER.exec(line.trim()) ?? [];
    if (name === undefined || value === undefined) {
      throw new DestinationError(
        'bad-headers',
        `line ${index + 1} of the file that ${variable} names is no header, as \`Authorization: Bearer ...\``,
      );
    }
    headers[name.toLowerCase()] = value;
  }
  return headers;
}
