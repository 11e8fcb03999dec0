import { errors, type Dispatcher } from 'undici';
import { first } from '../http/headers';
import type { BodyReader, Reading } from './body-reader';
import { Bytes, type Blocks } from './bytes';
import { decode } from './content-coding';
import { TimeOver } from '../http/with-timeout';
import { ApiError, type ApiErrorFacts } from './errors';
import { errorCode } from '../text/error-code';
import { JsonScanner, type JsonFlaw } from './json-scanner';
import type { MemoryBudget, Stay } from './memory-budget';

export interface BodyLimits {
  /** The largest body, after decompression. */
  capBytes: number;
  /** The longest time for the whole body, without the wait for memory. */
  wholeBodyMs: number;
  /** The longest wait for memory. */
  roomMs: number;
}

export interface BodyContext {
  limits: BodyLimits;
  room: MemoryBudget;
  blocks: Blocks;
  /** The facts that errors name. */
  facts: ApiErrorFacts;
  signal?: AbortSignal | undefined;
  /** Called when the body begins to wait for memory: from then on the server is not the one waited for. */
  waits?: () => void;
}

const openBrace = 0x7b;
/** zlib's and brotli's error codes for bytes in another format; an early end has a different code. */
const NOT_SO_CODED = /^(Z_DATA_ERROR|ERR__ERROR_FORMAT)/;

/** A body's page, and the memory that it takes until it is disposed of. */
export interface Held<P> extends Disposable {
  readonly page: P;
}

/**
 * Reads a body as JSON. An early end of the reading also closes the connection.
 * @throws {@link ApiError}: `too-large`, `no-room`, `timeout`, `unexpected-shape` (also if nested too deep),
 * `unknown-encoding` (also if the content does not match it), `not-json` (another type, or malformed), `empty`,
 * `cut-short` (breaks off); the signal's reason.
 */
export async function readBody<P>(
  response: Dispatcher.ResponseData,
  context: BodyContext,
  createReader: (bytes: Bytes) => BodyReader<P>,
): Promise<Held<P>> {
  const stay = context.room.enter();
  const bytes = new Bytes(context.blocks);
  const release = (): void => {
    bytes.release();
    stay.leave();
  };
  try {
    const reading = await read(response, context, { bytes, reader: createReader(bytes), stay });
    if ('misfit' in reading) throw new ApiError('unexpected-shape', { ...context.facts, at: reading.misfit });
    return { page: reading.page, [Symbol.dispose]: release };
  } catch (error) {
    release();
    throw error;
  }
}

interface Body<P> {
  bytes: Bytes;
  reader: BodyReader<P>;
  stay: Stay;
}

async function read<P>(
  response: Dispatcher.ResponseData,
  context: BodyContext,
  { bytes, reader, stay }: Body<P>,
): Promise<Reading<P>> {
  const { limits, facts, signal } = context;
  const { body, headers } = response;
  // The connection also emits an error for an early end; by then the loop below has thrown.
  body.on('error', () => {});
  const fail = (kind: ApiError['kind'], more: Partial<ApiErrorFacts> = {}): ApiError =>
    new ApiError(kind, { ...facts, ...more });

  let timer: NodeJS.Timeout | undefined;
  const startTimer = (): void => {
    timer = setTimeout(() => body.destroy(fail('timeout')), limits.wholeBodyMs);
  };
  try {
    if (Number(first(headers, 'content-length')) > limits.capBytes) throw fail('too-large');
    const decoding = decode(body, [headers['content-encoding'] ?? []].flat().join());
    if ('unknown' in decoding) throw fail('unknown-encoding', { coding: asToken(decoding.unknown) });
    const scanner = new JsonScanner(bytes, reader.watcher);
    const type = first(headers, 'content-type');
    const notJson = (): ApiError => fail('not-json', { contentType: asMediaType(type) });
    const brokenOff = (): ApiError => {
      if (type !== undefined && !isJsonType(type)) return notJson();
      if (scanner.first === undefined) return fail('empty');
      return scanner.first === openBrace ? fail('cut-short') : notJson();
    };
    let size = 0;
    startTimer();
    for await (const chunk of decoding.decoded) {
      size += chunk.length;
      if (size > limits.capBytes) throw fail('too-large');
      const flaw: JsonFlaw | undefined = scanner.write(chunk);
      if (flaw === 'too-deep') throw fail('unexpected-shape', { at: 'its nesting' });
      if (flaw === 'not-json') throw notJson();
      if (reader.isFull(scanner.values)) throw fail('too-large');
      while (size > stay.limit) {
        clearTimeout(timer);
        context.waits?.();
        await stay.grow(limits.roomMs, signal);
        startTimer();
      }
    }
    if (!scanner.end()) throw brokenOff();
    return reader.read();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ApiError) throw error;
    if (error instanceof TimeOver) throw fail('no-room');
    const code = errorCode(error);
    if (code !== undefined && NOT_SO_CODED.test(code)) {
      throw fail('unknown-encoding', { code, coding: asToken([headers['content-encoding'] ?? []].flat().join()) });
    }
    throw fail(error instanceof errors.BodyTimeoutError ? 'timeout' : 'cut-short', { code });
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}

const isJsonType = (type: string): boolean => /^[^;]*[/+]json\s*(;|$)/i.test(type);

/** The header's media type for an error message; undefined if it does not have that form. */
function asMediaType(type = ''): string | undefined {
  const [, name] = /^\s*([a-z]{1,20}\/[a-z0-9.+-]{1,60})\s*(;|$)/i.exec(type) ?? [];
  return name?.toLowerCase();
}

const asToken = (coding: string): string | undefined => (/^[a-z0-9._-]{1,20}$/.test(coding) ? coding : undefined);
