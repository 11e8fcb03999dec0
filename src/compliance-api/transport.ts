import { errors, type Dispatcher } from 'undici';
import { createConnection } from '../http/connection';
import { errorCode } from '../text/error-code';
import { ApiError, type Endpoint } from './errors';
import type { ComplianceApiOptions, Timeouts } from './options';
import { TimeOver, within } from '../http/with-timeout';

/** A request to be sent. */
interface Sent {
  endpoint: Endpoint;
  /** The path with its query. */
  path: string;
  key: string;
  signal: AbortSignal | undefined;
}

/** Sends HTTP requests to the API; each resolves at the answer's headers. */
export function createTransport(options: ComplianceApiOptions, timeouts: Timeouts) {
  const baseUrl = new URL(options.baseUrl);
  const prefix = baseUrl.pathname.replace(/\/+$/, '');
  const dispatcher =
    options.dispatcher ?? createConnection(baseUrl, { connectMs: timeouts.connectMs, proxy: options.proxy });

  /** @throws ApiError `timeout`, `network`; the signal's reason. */
  async function send({ endpoint, path, key, signal }: Sent): Promise<Dispatcher.ResponseData> {
    // undici has no timeout for a proxy's answer to CONNECT, and heeds the signal only once connected.
    const longestMs = timeouts.connectMs + timeouts.headersMs + 1_000;
    try {
      const sent = dispatcher.request({
        origin: baseUrl.origin,
        path: prefix + path,
        method: 'GET',
        headers: {
          'x-api-key': key,
          'anthropic-version': '2023-06-01',
          'user-agent': `compliance-chat-sync/${options.version}`,
          accept: 'application/json',
          'accept-encoding': 'identity',
        },
        headersTimeout: timeouts.headersMs,
        bodyTimeout: timeouts.bodyMs,
        signal: signal ?? null,
      });
      return await within(sent, longestMs, signal, discard);
    } catch (error) {
      signal?.throwIfAborted();
      throw new ApiError(isTimeout(error) ? 'timeout' : 'network', { endpoint, code: errorCode(error) });
    }
  }

  return {
    send,
    close: async (): Promise<void> => {
      if (options.dispatcher === undefined) await dispatcher.close();
    },
  };
}

function isTimeout(error: unknown): boolean {
  return (
    error instanceof TimeOver ||
    error instanceof errors.ConnectTimeoutError ||
    error instanceof errors.HeadersTimeoutError
  );
}

function discard({ body }: Dispatcher.ResponseData): void {
  body.on('error', () => {}).destroy();
}
