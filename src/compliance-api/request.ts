import { first } from '../http/headers';
import { readAnswerHeaders } from './answer-headers';
import { readBody } from './body';
import { jsonReader, type BodyReader } from './body-reader';
import { Blocks, type Bytes } from './bytes';
import { toApiError } from './error-answer';
import { errorCode } from '../text/error-code';
import { ApiError, type Endpoint } from './errors';
import { createMemoryBudget } from './memory-budget';
import { defaultTimeouts, type ComplianceApiOptions, type RequestOutcome } from './options';
import { TurnRefused } from './pacer';
import { toQueryString } from './query';
import { createTransport } from './transport';

/** An answer, which holds the memory of its body until it is disposed of (`using`). */
export interface Answer<T> extends Disposable {
  body: T;
  /** The answer's `request-id`, or null. */
  requestId: string | null;
  /** The server's clock (its `Date` header, whole seconds), ms since 1970, or null. */
  serverTimeMs: number | null;
}

const defaultBodyCapBytes = 64 * 1024 * 1024;
/** Parsing a list takes several times its size. */
const listCapBytes = 8 * 1024 * 1024;
/** An error's body is read for its type only. */
const errorBodyCapBytes = 64 * 1024;
const errorBodyMs = 10_000;

/** One request, and the checks of its answer. */
export interface Call<P> {
  endpoint: Endpoint;
  path: string;
  /** The id in the path. */
  id?: string;
  query: Parameters<typeof toQueryString>[0];
  reader: (bytes: Bytes) => BodyReader<P>;
  /** Names the field by which a page does not answer this call, or has no usable cursor. */
  misfit: (page: P) => 'id' | 'last_id' | 'next_page' | undefined;
  signal?: AbortSignal | undefined;
}

/** Makes one request per call: turn, key, request, answer. The rules of each endpoint are the caller's. */
export function createRequest(options: ComplianceApiOptions): {
  get: <P>(call: Call<P>) => Promise<Answer<P>>;
  close: () => Promise<void>;
} {
  const { accessKey, pacer, observe, bodyCapBytes = defaultBodyCapBytes } = options;
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const transport = createTransport(options, timeouts);
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
    const path = call.path + toQueryString(call.query);
    const response = await transport.send({ endpoint, path, key, signal });

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
    close: () => transport.close(),
  };
}

function outcomeOf(error: unknown, signal: AbortSignal | undefined): RequestOutcome {
  if (error instanceof ApiError) return error.kind;
  return signal?.aborted ? 'cancelled' : 'ok';
}

function ignoreApiError(error: unknown): undefined {
  if (!(error instanceof ApiError)) throw error;
}
