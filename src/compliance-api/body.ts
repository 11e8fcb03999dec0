import { pipeline, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { errors, type Dispatcher } from 'undici';
import { first } from './answer-headers';
import { TimeOver } from './deadline';
import { ApiError, type ApiErrorFacts } from './errors';
import { errorCode } from './error-code';
import { createJsonGuard } from './json-guard';
import { markNumbers } from './number-literals';
import type { Room } from './room';

export interface BodyLimits {
  /** The largest body, after decompression. */
  capBytes: number;
  /** The longest time for the whole body, waiting for room not included. */
  wholeBodyMs: number;
  /** The longest wait for room. */
  roomMs: number;
}

export interface BodyContext {
  limits: BodyLimits;
  room: Room;
  /** For the errors: which request this is the answer to. */
  facts: ApiErrorFacts;
  signal?: AbortSignal | undefined;
}

/** Bodies up to this size are read freely; one that grows beyond waits until it is the only one. */
const smallBytes = 1024 * 1024;

/**
 * Reads a body as JSON and hands it to `use`; a number that JavaScript would alter has a stand-in there. A large body holds
 * the room until `use` has ended, because what was parsed is in memory until then. Whatever ends the reading early also
 * ends the connection.
 * @throws {@link ApiError}: `too-large`, `no-room`, `timeout`, `unexpected-shape` (nested without end), `cut-short` (cut,
 * not UTF-8, not JSON: a cut can leave any of these); the signal's reason; what `use` throws.
 */
export async function withJson<T>(
  response: Dispatcher.ResponseData,
  context: BodyContext,
  use: (json: unknown) => Promise<T>,
): Promise<T> {
  const room = { release: () => {} };
  try {
    const json = parse(await readText(response, context, room), context.facts);
    return await use(json);
  } finally {
    room.release();
  }
}

async function readText(
  response: Dispatcher.ResponseData,
  context: BodyContext,
  room: { release: () => void },
): Promise<string> {
  const { limits, facts, signal } = context;
  const { body } = response;
  // The connection's own word on an early end; the loop below has thrown by then.
  body.on('error', () => {});
  const fail = (kind: ApiError['kind'], error?: unknown): ApiError =>
    new ApiError(kind, { ...facts, code: errorCode(error) });

  let timer: NodeJS.Timeout | undefined;
  const startTimer = (): void => {
    timer = setTimeout(() => body.destroy(fail('timeout')), limits.wholeBodyMs);
  };
  try {
    if (Number(first(response.headers, 'content-length')) > limits.capBytes) throw fail('too-large');
    const decoded: AsyncIterable<Uint8Array> | null = decode(body, first(response.headers, 'content-encoding'));
    if (decoded === null) throw fail('cut-short');
    const guard = createJsonGuard();
    // Kept as bytes to the end: a string that grows piece by piece leaves twice its size as garbage.
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    let alone = false;
    startTimer();
    for await (const chunk of decoded) {
      bytes += chunk.length;
      if (bytes > limits.capBytes) throw fail('too-large');
      const wrong = guard.look(chunk);
      if (wrong === 'too-deep') throw tooDeep(facts);
      if (wrong === 'too-many') throw fail('too-large');
      if (bytes > smallBytes && !alone) {
        clearTimeout(timer);
        room.release = await context.room.take(limits.roomMs, signal);
        alone = true;
        startTimer();
      }
      chunks.push(chunk);
    }
    // The chunks are let go: what stands in for numbers takes the body's size once more.
    const given = Buffer.concat(chunks.splice(0));
    const marked = guard.sawLongNumber ? markNumbers(given) : given;
    if (marked === null) throw fail('too-large');
    return new TextDecoder('utf-8', { fatal: true }).decode(marked);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ApiError) throw error;
    if (error instanceof TimeOver) throw fail('no-room');
    throw fail(error instanceof errors.BodyTimeoutError ? 'timeout' : 'cut-short', error);
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}

const decompressors = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

// We ask for no encoding; a gateway may compress all the same.
function decode(body: Readable, encoding = 'identity'): Readable | null {
  if (encoding === 'identity') return body;
  const decompressor = decompressors.get(encoding.trim().toLowerCase())?.();
  return decompressor === undefined ? null : pipeline(body, decompressor, () => {});
}

function parse(text: string, facts: ApiErrorFacts): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8's message quotes the text: it must go no further.
    throw error instanceof RangeError ? tooDeep(facts) : new ApiError('cut-short', facts);
  }
}

const tooDeep = (facts: ApiErrorFacts): ApiError => new ApiError('unexpected-shape', { ...facts, at: 'its nesting' });
