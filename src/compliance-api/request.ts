import { errors, type Dispatcher } from 'undici';
import { first, readAnswerHeaders } from './answer-headers';
import { readBody } from './body';
import { jsonReader, type BodyReader } from './body-reader';
import { Blocks, type Bytes } from './bytes';
import { createConnection, type ProxySettings } from './connection';
import { TimeOver, within } from './with-timeout';
import { toApiError } from './error-answer';
import { errorCode } from './error-code';
import { ApiError, type Endpoint } from './errors';
import { TurnRefused, type Pacer } from './pacer';
import { toQueryString } from './query';
import { createMemoryBudget } from './memory-budget';
import type { FailureKind } from '../domain/failure-kinds';

export interface Timeouts {
  connectMs: number;
  headersMs: number;
  /** The longest silence within a body. */
  bodyMs: number;
  /** The longest time for a whole body, however steadily it drips. */
  wholeBodyMs: number;
  /** The longest wait of a large body for the one before it. */
  roomMs: number;
}

export interface ComplianceApiOptions {
  /** Of the API or of a gateway to it; a path prefix is kept. */
  baseUrl: string;
  /** Asked before each request, so that a key can be rotated. What it throws becomes `no-key`. */
  accessKey: () => Promise<string> | string;
  pacer: Pacer;
  /** The product's version, for `User-Agent`. */
  version: string;
  timeouts?: Partial<Timeouts>;
  /** The largest body, after decompression (64 MiB). */
  bodyCapBytes?: number;
  /** Instead of the environment's proxy or a direct connection; `close` leaves it open. */
  dispatcher?: Dispatcher;
  /** Where they are not in the process's own environment. */
  proxy?: ProxySettings;
  /** Told of each HTTP request when it has ended. */
  observe?: (endpoint: Endpoint, outcome: RequestOutcome) => void;
  /** Told of each HTTP request when it is sent; what it returns, when the API has done its part, or failed to. */
  sent?: () => () => void;
}

/** What became of an HTTP request; `ok` also where the caller could not use a good answer. */
export type RequestOutcome = 'ok' | 'cancelled' | FailureKind;

export interface RequestOptions {
  /** Ends the request wherever it is; the call then throws the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** An answer, which holds the memory of its body until it is disposed of (`using`). */
export interface Answer<T> extends Disposable {
  body: T;
  /** The answer's `request-id`, or null. */
  requestId: string | null;
  /** The server's clock (its `Date` header, whole seconds), ms since 1970, or null. */
  serverTimeMs: number | null;
}

const defaultTimeouts: Timeouts = {
  connectMs: 10_000,
  headersMs: 60_000,
  bodyMs: 60_000,
  wholeBodyMs: 120_000,
  roomMs: 60_000,
};
const defaultBodyCapBytes = 64 * 1024 * 1024;
/** A list is parsed, which takes several times its size. */
const listCapBytes = 8 * 1024 * 1024;
/** An error's body is read for its type only. */
const errorBodyCapBytes = 64 * 1024;
const errorBodyMs = 10_000;

/** One request, and what its answer has to be. */
export interface Call<P> {
  endpoint: Endpoint;
  path: string;
  /** What the path names. */
  id?: string;
  query: Parameters<typeof toQueryString>[0];
  reader: (bytes: Bytes) => BodyReader<P>;
  /** What the reader cannot say: the field by which this page answers another question, or cannot be continued as it says. */
  misfit: (page: P) => 'id' | 'last_id' | 'next_page' | undefined;
  signal?: AbortSignal | undefined;
}

/** How requests are made, one at a call: turn, key, request, answer. The rules of each endpoint are the caller's. */
export function createRequest(options: ComplianceApiOptions): {
  get: <P>(call: Call<P>) => Promise<Answer<P>>;
  close: () => Promise<void>;
} {
  const { accessKey, pacer, version, observe, bodyCapBytes = defaultBodyCapBytes } = options;
  const baseUrl = new URL(options.baseUrl);
  const prefix = baseUrl.pathname.replace(/\/+$/, '');
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const dispatcher = options.dispatcher ?? createConnection(baseUrl, timeouts.connectMs, options.proxy);
  const memory = { room: createMemoryBudget(), blocks: new Blocks() };

  async function turn(endpoint: Endpoint, signal: AbortSignal | undefined): Promise<void> {
    try {
      await pacer.turn(signal);
    } catch (error) {
      if (!(error instanceof TurnRefused)) throw error;
      throw new ApiError('not-our-turn', { endpoint, retryAfterMs: error.retryAfterMs });
    }
  }

  async function readKey(endpoint: Endpoint): Promise<string> {
    let key: string;
    try {
      key = await accessKey();
    } catch (error) {
      throw new ApiError('no-key', { endpoint, code: errorCode(error) });
    }
    if (!/^[\x21-\x7e]+$/.test(key)) throw new ApiError('no-key', { endpoint, code: 'KEY_WITH_OTHER_CHARACTERS' });
    return key;
  }

  async function send(endpoint: Endpoint, path: string, key: string, signal: AbortSignal | undefined) {
    // undici has no limit on a proxy's answer to CONNECT, and looks at the signal only once it is connected.
    const longestMs = timeouts.connectMs + timeouts.headersMs + 1_000;
    try {
      const sent = dispatcher.request({
        origin: baseUrl.origin,
        path,
        method: 'GET',
        headers: {
          'x-api-key': key,
          'anthropic-version': '2023-06-01',
          'user-agent': `compliance-chat-sync/${version}`,
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

  async function get<P>(call: Call<P>): Promise<Answer<P>> {
    await turn(call.endpoint, call.signal);
    const key = await readKey(call.endpoint);
    const answered = options.sent?.() ?? (() => {});
    try {
      const answer = await ask(call, key, answered);
      observe?.(call.endpoint, 'ok');
      return answer;
    } catch (error) {
      observe?.(call.endpoint, outcomeOf(error, call.signal));
      throw error;
    } finally {
      answered();
    }
  }

  async function ask<P>(call: Call<P>, key: string, answered: () => void): Promise<Answer<P>> {
    const { endpoint, signal } = call;
    const path = prefix + call.path + toQueryString(call.query);
    const response = await send(endpoint, path, key, signal);

    const answer = readAnswerHeaders(response.statusCode, response.headers, Date.now());
    pacer.observe(answer);
    const { status, requestId, serverTimeMs, retryAfterMs } = answer;
    const facts = { endpoint, status, requestId, serverTimeMs };
    const limits = {
      capBytes: endpoint === 'messages' ? bodyCapBytes : Math.min(bodyCapBytes, listCapBytes),
      wholeBodyMs: timeouts.wholeBodyMs,
      roomMs: timeouts.roomMs,
    };
    if (status >= 300) {
      const brief = {
        ...limits,
        capBytes: errorBodyCapBytes,
        wholeBodyMs: Math.min(limits.wholeBodyMs, errorBodyMs),
      };
      const context = { limits: brief, facts, signal, ...memory };
      using body = await readBody(response, context, jsonReader).catch(ignoreApiError);
      const shouldRetry = first(response.headers, 'x-should-retry');
      throw toApiError({ ...facts, retryAfterMs, shouldRetry, id: call.id }, body?.page);
    }
    const context = { limits, facts, signal, ...memory, waits: answered };
    const held = await readBody(response, context, call.reader);
    const at = call.misfit(held.page);
    if (at === undefined) {
      return { body: held.page, requestId, serverTimeMs, [Symbol.dispose]: () => held[Symbol.dispose]() };
    }
    held[Symbol.dispose]();
    throw new ApiError('unexpected-shape', { ...facts, at });
  }

  return {
    get,
    close: async () => {
      if (options.dispatcher === undefined) await dispatcher.close();
    },
  };
}

function outcomeOf(error: unknown, signal: AbortSignal | undefined): RequestOutcome {
  if (error instanceof ApiError) return error.kind;
  return signal?.aborted ? 'cancelled' : 'ok';
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

function ignoreApiError(error: unknown): undefined {
  if (!(error instanceof ApiError)) throw error;
}
