import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server before another: what comes in goes there as it is. */
export interface HttpRelay {
  readonly url: string;
  /** The method and path of each request, in order. */
  readonly requests: string[];
  /** Whether the client is to get the answer to a request; if not, the connection ends there. */
  lose(isLost: (request: IncomingMessage) => boolean): void;
  /** Told of each piece of a request's body. */
  watch(onBody: (bytes: number) => void): void;
  close(): Promise<void>;
}

export async function startHttpRelay(target: string): Promise<HttpRelay> {
  let isLost: (request: IncomingMessage) => boolean = () => false;
  let onBody: (bytes: number) => void = () => undefined;
  const requests: string[] = [];
  const server = createServer((near, answer) => {
    const { method = '', url = '', headers } = near;
    requests.push(`${method} ${url}`);
    const far = request(new URL(url, target), { method, headers });
    far.on('response', (response) => {
      if (isLost(near)) return void near.socket.destroy();
      answer.writeHead(response.statusCode ?? 500, response.headers);
      response.pipe(answer);
    });
    far.on('error', () => near.socket.destroy());
    near.on('data', (chunk: Buffer) => onBody(chunk.length));
    near.on('error', () => far.destroy());
    near.pipe(far);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    lose: (next) => void (isLost = next),
    watch: (next) => void (onBody = next),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
