import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { errorCode } from '../../text/error-code';
import { DestinationError } from '../destination';
import { trust } from '../http-client';

/** What the AWS SDK wants to have sent. */
interface Request {
  protocol: string;
  hostname: string;
  port?: number | undefined;
  method: string;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: unknown;
}

interface Response {
  statusCode: number;
  headers: Record<string, string>;
  body: Readable;
}

const HEADERS_MS = 120_000;
/** undici takes care of the connection itself. */
const NOT_SENT = new Set(['expect', 'connection', 'transfer-encoding']);

/**
 * Sends the AWS SDK's requests by undici, so that proxies and certificates are the same for every destination.
 * @param where The bucket, for people.
 */
export function undiciHandler(where: string, connect: () => Promise<Dispatcher>) {
  async function handle(
    request: Request,
    { abortSignal }: { abortSignal?: unknown } = {},
  ): Promise<{ response: Response }> {
    const { protocol, hostname, port, method, path, query = {}, headers, body } = request;
    const dispatcher = await connect();
    const sent = dispatcher.request({
      origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
      path: path + queryOf(query),
      method: method,
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_SENT.has(name.toLowerCase()))),
      body: bodyOf(body),
      headersTimeout: HEADERS_MS,
      bodyTimeout: HEADERS_MS,
      signal: abortSignal instanceof AbortSignal ? abortSignal : null,
    });
    const answer = await sent.catch((error: unknown) => {
      const code = errorCode(error) ?? 'no-answer';
      throw new DestinationError(code, `${where} does not answer at ${hostname}${trust(error)}`);
    });
    const received = Object.entries(answer.headers).map(([name, value]) => [name, [value].flat().join(', ')]);
    return {
      response: {
        statusCode: answer.statusCode,
        headers: Object.fromEntries(received) as Record<string, string>,
        body: answer.body,
      },
    };
  }

  return {
    metadata: { handlerProtocol: 'http/1.1' },
    handle,
    // The SDK's own way to change a handler's settings, of which there are none.
    updateHttpClientConfig: (): void => undefined,
    httpHandlerConfigs: (): Record<string, never> => ({}),
    destroy: (): void => undefined,
  };
}

function bodyOf(body: unknown): Readable | Uint8Array | string | null {
  return body instanceof Readable || body instanceof Uint8Array || typeof body === 'string' ? body : null;
}

function queryOf(query: Record<string, string | string[] | null>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one) => (one === null ? encode(name) : `${encode(name)}=${encode(one)}`)),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** As it is signed. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
