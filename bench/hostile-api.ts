import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { HostileChat } from './hostile-chats';

const MEBIBYTE = 1024 * 1024;
/** Above every limit of the client. */
const TOO_LARGE = 128 * MEBIBYTE;
const PIECE = 'x'.repeat(64 * 1024);
/** Just below the client's limit for a list. */
const LARGE_LIST = 7.5 * MEBIBYTE;
const EMOJI = '\u{1f98a}';
const LIST_PIECE = `,"${'x'.repeat(100)}"`.repeat(500);

/** A running hostile API. `at` is in ms of a clock that never jumps. */
export interface HostileApi {
  readonly url: string;
  readonly requests: readonly { at: number; path: string }[];
  close(): void;
}

/**
 * Starts an API whose answers are just below the client's limits. Its first answer to each path is far above the limit:
 * a list, an error, or a few kilobytes of gzip.
 */
export async function startHostileApi(chats: readonly HostileChat[]): Promise<HostileApi> {
  const requests: { at: number; path: string }[] = [];
  const server = createServer(({ url = '' }, response) => {
    const path = url.split('?')[0] ?? '';
    const isFirst = !requests.some((request) => request.path === path);
    requests.push({ at: performance.now(), path });
    answer(response, { chats, path, isFirst }).catch((error: unknown) => {
      // The client is right to hang up on a too large answer.
      if (!response.destroyed) throw error;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

interface Question {
  chats: readonly HostileChat[];
  path: string;
  /** Whether this is the first request for the path. */
  isFirst: boolean;
}

async function answer(response: ServerResponse, { chats, path, isFirst }: Question): Promise<void> {
  const place = chats.findIndex(({ id }) => path.includes(`/${id}/`));
  const chat = chats[place];
  if (path.endsWith('/organizations'))
    await send(response, ['{"data":[{"uuid":"00000000-0000-4000-8000-000000000000"}]}']);
  else if (isFirst) await send(response, tooLarge(), place % 2 === 0 ? { status: 503 } : { isCompressed: place > 0 });
  else if (chat === undefined) await send(response, listOf(chats));
  else await send(response, messagesOf(chat, place), { isCompressed: place % 3 === 0 });
}

async function send(
  response: ServerResponse,
  pieces: Iterable<string>,
  { status = 200, isCompressed = false } = {},
): Promise<void> {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(isCompressed && { 'content-encoding': 'gzip' }),
  });
  const steps = [Readable.from(pieces), ...(isCompressed ? [createGzip({ level: 1 })] : []), response];
  await pipeline(steps);
}

function* tooLarge(): Generator<string> {
  yield '{"data":["';
  for (let size = 0; size < TOO_LARGE; size += PIECE.length) yield PIECE;
  yield '"]}';
}

function* listOf(chats: readonly HostileChat[]): Generator<string> {
  for (const [place, { id, time }] of chats.entries()) {
    yield `${place === 0 ? '{"data":[' : ','}{"id":"${id}","created_at":"${time}","updated_at":"${time}","name":"${EMOJI}"}`;
  }
  yield '],"padding":[""';
  for (let size = 0; size < LARGE_LIST; size += LIST_PIECE.length) yield LIST_PIECE;
  yield '],"has_more":false}';
}

function* messagesOf({ id, time, pieces }: HostileChat, place: number): Generator<string> {
  const ofChat = `"id":"${id}","name":"${EMOJI}","created_at":"${time}","updated_at":"${time}","has_more":false`;
  yield place % 2 === 0 ? `{${ofChat},"chat_messages":[` : '{"chat_messages":[';
  yield* pieces();
  yield place % 2 === 0 ? ']}' : `],${ofChat}}`;
}
