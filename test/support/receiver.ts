import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

export interface Received {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  /** As it was sent. */
  raw: Buffer;
  /** Decompressed. */
  body: string;
}

/** What to answer; `cut` takes the request in, and ends the connection without an answer. */
export type Reply = { status: number; headers?: Record<string, string>; body?: string } | 'cut';

/** A real HTTP server that keeps what it takes. */
export interface Receiver {
  readonly url: string;
  /** Requests with a body. */
  readonly received: Received[];
  /** Those that were answered with 2xx. */
  readonly taken: Received[];
  /** How requests are answered from now on; 200 until then. */
  answer(how: (request: Received, n: number) => Reply): void;
  /** Ends it, and every connection with it. */
  kill(): Promise<void>;
  /** On the same port. */
  start(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  let server: Server | undefined;
  let port = 0;
  let how: (request: Received, n: number) => Reply = () => ({ status: 200 });
  const received: Received[] = [];
  const taken: Received[] = [];

  async function start(): Promise<void> {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const raw = Buffer.concat(chunks);
        const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString();
        const { method = '', url = '', headers } = request;
        const one: Received = { method, url, headers, raw, body };
        if (method === 'POST') received.push(one);
        const reply = how(one, received.length);
        if (reply === 'cut') return void request.socket.destroy();
        if (method === 'POST' && reply.status >= 200 && reply.status < 300) taken.push(one);
        response.writeHead(reply.status, reply.headers).end(reply.body);
      });
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  }

  await start();
  return {
    url: `http://127.0.0.1:${port}/records`,
    received,
    taken,
    answer: (next) => void (how = next),
    start,
    async kill() {
      if (!server) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      server = undefined;
    },
  };
}
