import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Dispatcher } from 'undici';
import { createConnection, type Certificates } from '../http/connection';
import { first, httpDate, retryAfter, type Headers } from '../http/headers';
import { within } from '../http/with-timeout';
import { errorCode } from '../text/error-code';
import type { Setting } from './definition';
import { DestinationError } from './destination';

const CONNECT_MS = 10_000;
const HEADERS_MS = 120_000;
/** For the whole exchange: a server that drips is given up. */
const LONGEST_MS = 300_000;
/** Of an answer: what is longer is not read. */
const ANSWER_BYTES = 64 * 1024 * 1024;

export interface Request {
  method?: Dispatcher.HttpMethod;
  /** Relative to the URL of the client's settings; absent: that URL. */
  path?: string;
  headers?: Record<string, string>;
  body?: Uint8Array;
  signal: AbortSignal;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Buffer;
  retryAfterMs: number | undefined;
}

/** Paths of files in PEM, which are read when the first request is sent. */
export interface CertificateFiles {
  CA_FILE?: string | undefined;
  CERT_FILE?: string | undefined;
  KEY_FILE?: string | undefined;
}

export interface HttpClientOptions {
  /** The setting that holds the URL, without the prefix. */
  variable: string;
  url: string;
  files?: CertificateFiles;
  setting: Pick<Setting, 'prefix' | 'build' | 'proxy'>;
}

/** Sends requests to one server, through the environment's proxy. Follows no redirect: that may lead to another host. */
export function createHttpClient({ variable, url, files = {}, setting }: HttpClientOptions) {
  const { prefix, build, proxy } = setting;
  const base = new URL(url);
  const where = `${prefix}${variable} (${base.host})`;
  let connection: Promise<Dispatcher> | undefined;

  async function connect(): Promise<Dispatcher> {
    const [ca, cert, key] = await Promise.all([pem('CA_FILE'), pem('CERT_FILE'), pem('KEY_FILE')]);
    const certificates: Certificates = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
    return createConnection(base, { connectMs: CONNECT_MS, proxy, certificates });
  }

  async function pem(name: keyof CertificateFiles): Promise<Buffer | undefined> {
    const path = files[name];
    if (path === undefined) return undefined;
    return readFile(path).catch((error: unknown) => {
      throw new DestinationError(errorCode(error) ?? 'unknown', `the file that ${prefix}${name} names cannot be read`);
    });
  }

  async function open(): Promise<Dispatcher> {
    connection ??= connect();
    return connection.catch((error: unknown) => {
      connection = undefined;
      throw error;
    });
  }

  /** @throws DestinationError if there is no answer; the signal's reason. */
  async function request({ method = 'POST', path, headers = {}, body, signal }: Request): Promise<Answer> {
    signal.throwIfAborted();
    const dispatcher = await open();
    const late = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]);
    try {
      const sent = dispatcher.request({
        origin: base.origin,
        path: path === undefined ? `${base.pathname}${base.search}` : `${base.pathname.replace(/\/+$/, '')}${path}`,
        method,
        headers: { 'user-agent': `compliance-chat-sync/${build}`, ...headers },
        body: body ?? null,
        headersTimeout: HEADERS_MS,
        bodyTimeout: HEADERS_MS,
        signal: late,
      });
      // undici heeds the signal only once connected.
      const answer = await within(sent, LONGEST_MS, signal, discard);
      return {
        status: answer.statusCode,
        headers: answer.headers,
        body: await bodyOf(answer),
        retryAfterMs: retryAfter(
          first(answer.headers, 'retry-after'),
          httpDate(first(answer.headers, 'date')) ?? Date.now(),
        ),
      };
    } catch (error) {
      signal.throwIfAborted();
      throw new DestinationError(errorCode(error) ?? 'no-answer', `${where} does not answer${trust(error)}`);
    }
  }

  async function close(): Promise<void> {
    const dispatcher = await connection?.catch(() => undefined);
    await dispatcher?.destroy();
  }

  return { request, close, where };
}

async function bodyOf({ body, headers }: Dispatcher.ResponseData): Promise<Buffer> {
  if (Number(first(headers, 'content-length') ?? 0) > ANSWER_BYTES) {
    discardBody(body);
    return Buffer.alloc(0);
  }
  return buffer(body);
}

const discard = ({ body }: Dispatcher.ResponseData): void => discardBody(body);
const discardBody = (body: Dispatcher.ResponseData['body']): void => void body.on('error', () => undefined).destroy();

/** OpenSSL's and Node's codes for certificates. */
export const trust = (error: unknown): string =>
  /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(errorCode(error) ?? '')
    ? ': its certificate is not trusted, see NODE_EXTRA_CA_CERTS and the ..._CA_FILE of the destination'
    : '';

/** What an answer without success means, if nothing of its own says more. */
export function refusalOf(where: string, { status, retryAfterMs }: Answer, credentials: string): DestinationError {
  const says = (code: string, what: string): DestinationError =>
    new DestinationError(code, `${where} ${what} (status ${status})`, 'wait', retryAfterMs);
  if (status === 401 || status === 403) return says('unauthorized', `refuses these credentials: see ${credentials}`);
  if (status === 413) return new DestinationError('too-large', `${where} takes less at once (status 413)`, 'too-large');
  if (status === 400 || status === 422) {
    return new DestinationError('refused', `${where} does not take this (status ${status})`, 'refused');
  }
  if (status === 408 || status === 425 || status === 429) return says('busy', 'is busy');
  if (status >= 500) return says('unavailable', 'fails');
  if (status >= 300 && status < 400)
    return says('redirect', 'answers with a redirect, which is not followed: name the place itself');
  if (status === 404 || status === 405 || status === 410)
    return says('no-such-place', 'has nothing there that takes records: see its path');
  return says('refused-request', 'does not take requests as they are sent');
}
